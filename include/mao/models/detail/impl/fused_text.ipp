// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/fused_text.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE FusedTextPass::FusedTextPass(std::shared_ptr<const std::vector<FusedBlock>> blocks,
                                        std::shared_ptr<const TextConstants> constants, const TextBatch& batch,
                                        const BlockPrompts& prompts)
    : blocks_(std::move(blocks)),
      constants_(std::move(constants)),
      prompts_(detached(prompts, blocks_->size())),
      start_(batch),
      // In bf16 looking words up costs what their projections do.
      ids_(blocks_->front().product_type() == at::kFloat ? batch.suffix_ids : std::vector<std::int64_t>()),
      names_train_(batch.suffix.requires_grad()) {
  const bool alone =
      std::ranges::none_of(prompts_, [](const BlockPrompt& prompt) { return prompt.attended.defined(); });
  if (batch.starts && alone && start_.prefix > 1) start_ = start_.without_start();
  bool trains = names_train_ || batch.prefix.requires_grad();
  for (std::size_t i = 0; i < blocks_->size(); ++i) {
    const BlockPrompt prompt = prompt_of(prompts, i);
    for (const Tensor& part : {prompt.replacement, prompt.attended}) trains |= part.defined() && part.requires_grad();
    if (!trains) lowest_ = i + 1;
  }
}

MAO_INLINE std::vector<Tensor> FusedTextPass::inputs(const TextBatch& batch, const BlockPrompts& prompts) {
  std::vector<Tensor> all{batch.prefix, batch.suffix};
  append_parts(prompts, all);
  return all;
}

MAO_INLINE Tensor FusedTextPass::forward(const Tensor& prefix, const Tensor& suffix, bool keep) {
  TextRows rows = start_;
  ResidualStream x{at::cat({suffix, prefix.narrow(1, start_.left_out, start_.prefix).flatten(0, 1)})};
  std::vector<ConstantRows> seen_first(blocks_->size());
  if (start_.left_out > 0) seen_first = constants_->start(prefix.select(0, 0).narrow(0, 0, 1));
  for (std::size_t i = 0; i < blocks_->size(); ++i) {
    Layer layer;
    if (prompts_[i].replacement.defined()) x = {replaced(x.total(), prompts_[i].replacement, rows, layer)};
    const std::int64_t attended = prompts_[i].attended.defined() ? prompts_[i].attended.size(0) : start_.left_out;
    const bool last = i + 1 == blocks_->size();
    const std::int64_t dead = last ? 0 : dead_rows(prompts_[i + 1].replacement, rows);
    layer.text = rows;
    layer.block.live = rows.total() - dead;
    if (last) layer.block.queries = rows.last();
    if (i == 0 && !names_train_) {
      layer.block.wanted_from = rows.suffix;
      if (!last && !ids_.empty()) layer.block.known = constants_->words(ids_, start_, suffix);
    }
    layer.attention = PackedAttention(rows.sequences(attended, dead, last), seen_first[i]);
    x = blocks_->at(i).forward(x, prompts_[i].attended, layer.attention, layer.block,
                               keep && i >= lowest_ ? &layer.kept : nullptr);
    if (keep) layers_.push_back(std::move(layer));
  }
  return x.total();
}

MAO_INLINE std::vector<Tensor> FusedTextPass::backward(const Tensor& gradient) const {
  std::vector<Tensor> found(2 + 2 * layers_.size());
  RowsInBoth down = blocks_->front().down(gradient);
  for (std::size_t i = layers_.size(); i-- > lowest_;) {
    const Layer& layer = layers_[i];
    down = blocks_->at(i).backward(layer.kept, layer.attention, layer.block, down);
    const std::int64_t total = layer.text.total();
    found[3 + 2 * i] = down.exact.narrow(0, total, down.exact.size(0) - total).clone();
    down = {down.exact.narrow(0, 0, total), down.copy.narrow(0, 0, total)};
    if (prompts_[i].replacement.defined()) found[2 + 2 * i] = take_replacement(i, down);
    if (layer.shared_before) down = shared_again(layer, down);
  }
  if (lowest_ > 0) return found;
  found[0] =
      down.exact.narrow(0, start_.suffix, start_.total() - start_.suffix).view({start_.groups, start_.prefix, -1});
  if (start_.left_out > 0) found[0] = at::constant_pad_nd(found[0], {0, 0, 1, 0});
  if (names_train_) found[1] = down.exact.narrow(0, 0, start_.suffix);
  return found;
}

MAO_INLINE std::int64_t FusedTextPass::dead_rows(const Tensor& next, const TextRows& rows) {
  const std::int64_t replaceable = rows.prefix + rows.left_out - 1;
  return next.defined() && next.dim() == 2 && rows.groups == 1 && next.size(0) == replaceable ? replaceable : 0;
}

MAO_INLINE Tensor FusedTextPass::replaced(const Tensor& x, const Tensor& tokens, TextRows& rows, Layer& layer) {
  if (x.size(0) < rows.total()) return at::cat({x, tokens});  // their rows were dead
  Tensor result = x;
  const auto count = static_cast<std::int64_t>(rows.begins.size());
  if (tokens.dim() == 3 && rows.groups != count) {
    const Tensor shared = x.narrow(0, rows.suffix, rows.groups * rows.prefix).view({rows.groups, rows.prefix, -1});
    result = at::cat({x.narrow(0, 0, rows.suffix), shared.index_select(0, at::tensor(rows.group)).flatten(0, 1)});
    std::iota(rows.group.begin(), rows.group.end(), std::int64_t{0});
    rows.groups = count;
    layer.shared_before = true;
  }
  prompt_rows(result, rows, tokens.size(-2)).copy_(tokens);
  return result;
}

MAO_INLINE Tensor FusedTextPass::prompt_rows(const Tensor& x, const TextRows& rows, std::int64_t n) {
  const Tensor prefixes = x.narrow(0, rows.suffix, rows.groups * rows.prefix);
  return prefixes.view({rows.groups, rows.prefix, -1}).narrow(1, 1 - rows.left_out, n);
}

MAO_INLINE Tensor FusedTextPass::take_replacement(std::size_t i, RowsInBoth& down) const {
  const TextRows& rows = layers_[i].text;
  const Tensor& tokens = prompts_[i].replacement;
  const Tensor part = prompt_rows(down.exact, rows, tokens.size(-2));
  const Tensor found = tokens.dim() == 2 ? part.sum(0) : part.clone();
  const std::int64_t live = i > 0 ? layers_[i - 1].block.live : rows.total();
  if (live < layers_[i].text.total() && !layers_[i].shared_before) {
    down = {down.exact.narrow(0, 0, live), down.copy.narrow(0, 0, live)};
  } else {
    part.zero_();
    prompt_rows(down.copy, rows, tokens.size(-2)).zero_();
  }
  return found;
}

MAO_INLINE RowsInBoth FusedTextPass::shared_again(const Layer& layer, const RowsInBoth& down) const {
  const TextRows &now = layer.text, &before = start_;
  const Tensor own = down.exact.narrow(0, now.suffix, now.groups * now.prefix).view({now.groups, now.prefix, -1});
  Tensor shared = at::zeros({before.groups, before.prefix, own.size(2)}, at::kFloat);
  shared.index_add_(0, at::tensor(before.group), own);
  return blocks_->front().down(at::cat({down.exact.narrow(0, 0, now.suffix), shared.flatten(0, 1)}));
}

}  // namespace mao::detail

#endif
