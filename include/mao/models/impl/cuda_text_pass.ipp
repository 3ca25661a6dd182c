// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/cuda_text_pass.hpp>

#include <memory>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/own_gradient.hpp>
#include <mao/models/detail/packed_batch.hpp>

namespace mao::cuda {

MAO_INLINE bool TextPass::can_take(const std::vector<Block>& blocks, const TextBatch& batch,
                                   const BlockPrompts& prompts) {
  if (!batch.prefix.is_cuda() || !can_run<AttentionForward<float>>(batch.prefix.device())) return false;
  for (const BlockPrompt& prompt : prompts) {
    if (prompt.replacement.defined() && prompt.replacement.dim() != 2) return false;
  }
  return batch.prefix.scalar_type() == at::kFloat && blocks.front().activation == Activation::QuickGelu &&
         blocks.front().epsilon == 1e-5 && blocks.front().width() / blocks.front().heads <= 128;
}

MAO_INLINE TextPass::TextPass(std::vector<Block> blocks, const TextBatch& batch, BlockPrompts prompts)
    : blocks_(std::move(blocks)), prompts_(std::move(prompts)), kept_(blocks_.size()) {
  prompts_.resize(blocks_.size());
  groups_ = batch.prefix.size(0);
  length_ = batch.prefix.size(1);
  const std::vector<std::int64_t> last = last_tokens(batch);
  const auto device = batch.prefix.device();
  all_ = PackedAttention::of(packed_rows(batch), device);
  read_ = all_.with_queries(last);
  last_ = at::tensor(last).to(device);
}

MAO_INLINE void TextPass::rearrange(const TextBatch& batch) {
  const std::vector<std::int64_t> last = last_tokens(batch);
  all_.refill(packed_rows(batch));
  read_.refill_queries(last);
  last_.copy_(at::tensor(last));
}

MAO_INLINE Tensor TextPass::forward(const Tensor& prefix, const Tensor& suffix, bool keep) {
  Tensor x = at::cat({prefix.flatten(0, 1), suffix});
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    if (prompts_[i].replacement.defined()) replaceable(x, prompts_[i]).copy_(prompts_[i].replacement);
    x = forward_block(i, x);
    if (!keep) kept_[i] = Kept();
  }
  return x;
}

MAO_INLINE std::vector<Tensor> TextPass::backward(const Tensor& given) {
  Tensor gradient = given.contiguous();
  std::vector<Tensor> of_prompts(2 * blocks_.size());
  for (std::size_t i = blocks_.size(); i-- > 0;) {
    gradient = backward_block(i, gradient, of_prompts[2 * i + 1]);
    if (!prompts_[i].replacement.defined()) continue;
    Tensor part = replaceable(gradient, prompts_[i]);
    of_prompts[2 * i] = part.sum(0);
    part.zero_();
  }
  std::vector<Tensor> all{prefix_of(gradient), gradient.slice(0, groups_ * length_)};
  all.insert(all.end(), of_prompts.begin(), of_prompts.end());
  return all;
}

MAO_INLINE Tensor TextPass::normed(const Tensor& x, const Tensor& weight, const Tensor& bias, at::ScalarType type,
                                   NormedRows& kept) {
  kept = layer_norm_forward(x, weight, bias, type);
  return std::exchange(kept.y, Tensor());
}

MAO_INLINE Tensor TextPass::forward_block(std::size_t i, const Tensor& x) {
  const Block& block = blocks_[i];
  Kept& kept = kept_[i];
  const auto type = block.qkv_weight.type();
  kept.x = x;
  const Tensor rows_normed = normed(x, block.ln1_weight, block.ln1_bias, type, kept.first);
  const std::int64_t first = is_last(i) ? 1 : 0;  // in the last block only the read rows ask
  const auto parts = projected(block, rows_normed, first, 3 - first);
  const Tensor queries = is_last(i) ? projected(block, rows_normed.index_select(0, last_), 0, 1)[0] : parts[0];
  kept.tensors = {queries, parts[parts.size() - 2], parts.back(), {}, {}, block.heads};
  if (const Tensor& more = prompts_[i].attended; more.defined()) {
    const Tensor rows = normed(more.contiguous(), block.ln1_weight, block.ln1_bias, type, kept.attended_norm);
    const auto more_parts = projected(block, rows, 1, 2);
    kept.tensors.attended_k = more_parts[0];
    kept.tensors.attended_v = more_parts[1];
  }
  kept.attended = attention_forward(kept.tensors, is_last(i) ? read_ : all_);
  const Tensor rows = is_last(i) ? x.index_select(0, last_) : x;
  kept.middle = rows + at::linear(kept.attended.out, block.out_weight.cast(), block.out_bias);
  kept.hidden = at::linear(normed(kept.middle, block.ln2_weight, block.ln2_bias, type, kept.second), block.fc_weight.cast(),
                           block.fc_bias);
  return kept.middle + at::linear(quick_gelu_forward(kept.hidden), block.proj_weight.cast(), block.proj_bias);
}

MAO_INLINE std::vector<Tensor> TextPass::projected(const Block& block, const Tensor& rows, std::int64_t first,
                                                   std::int64_t count) {
  const std::int64_t begin = first * block.width(), size = count * block.width();
  return at::linear(rows, block.qkv_weight.cast().narrow(0, begin, size), block.qkv_bias.narrow(0, begin, size))
      .chunk(count, 1);
}

MAO_INLINE Tensor TextPass::backward_block(std::size_t i, const Tensor& gradient, Tensor& of_attended) const {
  const Block& block = blocks_[i];
  const Kept& kept = kept_[i];
  const auto type = block.qkv_weight.type();
  const Tensor of_hidden = quick_gelu_backward(at::matmul(gradient.to(type), block.proj_weight.cast()), kept.hidden);
  const Tensor of_middle = layer_norm_backward(at::matmul(of_hidden, block.fc_weight.cast()), kept.middle, block.ln2_weight,
                                               kept.second, gradient);
  const AttentionGradients back = attention_backward(at::matmul(of_middle.to(type), block.out_weight.cast()), kept.tensors,
                                                     kept.attended, is_last(i) ? read_ : all_);
  const Tensor key_value_weight = block.qkv_weight.cast().narrow(0, block.width(), 2 * block.width());
  if (back.attended_k.defined()) {
    const Tensor rows = at::matmul(at::cat({back.attended_k, back.attended_v}, 1), key_value_weight);
    of_attended = layer_norm_backward(rows, prompts_[i].attended.contiguous(), block.ln1_weight, kept.attended_norm);
  }
  if (!is_last(i)) {
    return layer_norm_backward(at::matmul(back.qkv, block.qkv_weight.cast()), kept.x, block.ln1_weight, kept.first,
                               of_middle);
  }
  Tensor of_rows = at::matmul(at::cat({back.k, back.v}, 1), key_value_weight);
  of_rows.index_add_(0, last_, at::matmul(back.q, block.qkv_weight.cast().narrow(0, 0, block.width())));
  return layer_norm_backward(of_rows, kept.x, block.ln1_weight, kept.first,
                             at::zeros_like(kept.x).index_copy_(0, last_, of_middle));
}

}  // namespace mao::cuda

namespace mao::cuda::detail {

MAO_INLINE std::vector<Tensor> pass_inputs(const BlockPrompts& prompts, const Tensor& prefix, const Tensor& suffix) {
  std::vector<Tensor> inputs{prefix, suffix};
  mao::detail::append_parts(prompts, inputs);
  return inputs;
}

}  // namespace mao::cuda::detail

namespace mao::cuda {

MAO_INLINE Tensor encode_rows(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts,
                              const Tensor& prefix, const Tensor& suffix) {
  const auto pass = std::make_shared<TextPass>(blocks, batch, prompts);
  const std::vector<Tensor> inputs = detail::pass_inputs(prompts, prefix, suffix);
  const bool keep = any_differentiated(inputs);
  const auto forward = [&] {
    const at::NoGradGuard own;
    return pass->forward(prefix, suffix, keep);
  };
  return own_gradient(forward(), inputs, [pass](const Tensor& gradient) {
    const at::NoGradGuard own;
    return pass->backward(gradient);
  });
}

}  // namespace mao::cuda
