// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/packed_text.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao::detail {

MAO_INLINE Tensor with_replacement(const Tensor& x, const Tensor& tokens, std::int64_t first) {
  const std::int64_t n = tokens.size(-2), rest = first + n;
  return at::cat({x.narrow(1, 0, first), tokens.expand({x.size(0), n, x.size(2)}), x.narrow(1, rest, x.size(1) - rest)},
                 1);
}

MAO_INLINE PackedText::PackedText(const TextBatch& batch, const Tensor& positions)
    : layout_(PackedLayout::of(batch)), groups_(batch.prefix.size(0)), length_(batch.prefix.size(1)) {
  prefix_ = batch.prefix + positions.narrow(0, 0, length_);
  suffix_ = batch.suffix + positions.index_select(0, layout_.positions);
}

MAO_INLINE Tensor PackedText::encode(const std::vector<Block>& blocks, const BlockPrompts& prompts) && {
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i) pass(blocks[i], prompt_of(prompts, i));
  return read_out(blocks.back(), prompt_of(prompts, blocks.size() - 1));
}

MAO_INLINE PackedText::Parts::Parts(const Block& block, const BlockPrompt& prompt, const PackedText& text)
    : layout(text.layout_), heads(block.heads), seen(text.length_) {
  const std::int64_t shared = text.groups_ * text.length_;
  const Tensor qkv = block.queries_keys_values(text.rows());  // [G * P + N, 3W]
  const auto prefix = qkv.narrow(0, 0, shared).reshape({text.groups_, text.length_, -1}).chunk(3, -1);
  prefix_q = block.split_heads(prefix[0]);
  prefix_k = block.split_heads(prefix[1]);
  prefix_v = block.split_heads(prefix[2]);
  const auto suffix = qkv.narrow(0, shared, qkv.size(0) - shared).chunk(3, -1);
  suffix_q = suffix[0];
  suffix_k = suffix[1];
  suffix_v = suffix[2];
  if (!prompt.attended.defined()) return;
  const auto [more_keys, more_values] = block.keys_values(prompt.attended, text.groups_);
  prefix_k = at::cat({more_keys, prefix_k}, 2);
  prefix_v = at::cat({more_values, prefix_v}, 2);
  seen += prompt.attended.size(0);
}

MAO_INLINE Tensor PackedText::Parts::padded(const Tensor& packed) const {
  return packed.index_select(0, layout.gather)
      .view({layout.group.size(0), layout.longest, heads, packed.size(1) / heads})
      .transpose(1, 2);
}

MAO_INLINE Tensor PackedText::Parts::of_rows(const Tensor& shared) const {
  return shared.size(0) == 1 ? shared.expand({layout.group.size(0), -1, -1, -1})
                             : shared.index_select(0, layout.group);
}

MAO_INLINE void PackedText::replace(const BlockPrompt& prompt) {
  if (!prompt.replacement.defined()) return;
  const std::int64_t count = layout_.group.size(0);
  if (prompt.replacement.dim() == 3 && groups_ != count) {  // from here on every row has a prefix of its own
    prefix_ = prefix_.index_select(0, layout_.group);
    layout_.group = at::arange(count, layout_.group.options());
    groups_ = count;
  }
  prefix_ = with_replacement(prefix_, prompt.replacement);
}

MAO_INLINE void PackedText::pass(const Block& block, const BlockPrompt& prompt) {
  replace(prompt);
  const Parts parts(block, prompt, *this);
  const std::int64_t shared = groups_ * length_, longest = layout_.longest, width = block.width();
  const auto options = suffix_.options();
  const Tensor prefix_mask = causal_mask(length_, parts.seen, parts.seen - length_, options);
  const Tensor suffix_mask = causal_mask(longest, parts.seen + longest, parts.seen, options);
  const Tensor first = attention(parts.prefix_q, parts.prefix_k, parts.prefix_v, prefix_mask);
  const Tensor rest = attention(parts.padded(parts.suffix_q), parts.keys(), parts.values(), suffix_mask);
  const Tensor packed = merge_heads(rest).reshape({-1, width}).index_select(0, layout_.scatter);
  const Tensor x = block.finish(rows(), at::cat({merge_heads(first).reshape({shared, width}), packed}));
  prefix_ = x.narrow(0, 0, shared).reshape({groups_, length_, width});
  suffix_ = x.narrow(0, shared, x.size(0) - shared);
}

MAO_INLINE Tensor PackedText::read_out(const Block& block, const BlockPrompt& prompt) {
  replace(prompt);
  const Parts parts(block, prompt, *this);
  const Tensor query = parts.suffix_q.index_select(0, layout_.last).unsqueeze(1);  // [R, 1, W]
  Tensor mask = layout_.read_mask;
  if (parts.seen > length_) {
    auto shape = mask.sizes().vec();
    shape.back() = parts.seen - length_;
    mask = at::cat({at::zeros(shape, mask.options()), mask}, -1);
  }
  const Tensor mixed = attention(block.split_heads(query), parts.keys(), parts.values(), mask);
  return block.finish(suffix_.index_select(0, layout_.last), merge_heads(mixed).squeeze(1));
}

}  // namespace mao::detail
