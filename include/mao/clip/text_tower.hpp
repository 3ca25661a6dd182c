// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's text tower, twice: packed (what training uses) and dense (the readable reference, the oracle of the tests).
///
/// Attention is causal and a row is read out at its last token, so nothing after that token can matter: rows need no
/// padding. The prefix that rows share stands before everything else, so its states are the same in every row: they are
/// computed once a group. Both are exact.

#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <mao/clip/block.hpp>
#include <mao/clip/text_batch.hpp>

namespace mao {

namespace detail {

/// -inf strictly above the diagonal that lets query i see keys 0 .. offset + i. **Shape** [queries, keys].
inline Tensor causal_mask(std::int64_t queries, std::int64_t keys, std::int64_t offset, at::TensorOptions options) {
  return at::full({queries, keys}, -std::numeric_limits<float>::infinity(), options).triu(offset + 1);
}

/// Index tensors between packed suffix tokens [N] and padded ones [R, L].
struct PackedLayout {
  Tensor gather;     ///< [R * L] packed token of each padded cell (its row's first where there is none)
  Tensor scatter;    ///< [N] padded cell of each packed token
  Tensor positions;  ///< [N] position of each packed token in its sequence
  Tensor last;       ///< [R] packed index of the last token of each row
  Tensor group;      ///< [R]
  Tensor read_mask;  ///< [R, 1, 1, P + L] additive: what the last token of each row sees
  std::int64_t longest = 0;

  static PackedLayout of(const TextBatch& batch) {
    const std::int64_t rows = batch.rows(), prefix = batch.prefix.size(1);
    PackedLayout layout;
    for (std::int64_t r = 0; r < rows; ++r) layout.longest = std::max(layout.longest, batch.suffix_length(r));
    std::vector<std::int64_t> gather, scatter, positions, last;
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t begin = batch.offsets[static_cast<std::size_t>(r)], length = batch.suffix_length(r);
      for (std::int64_t i = 0; i < layout.longest; ++i) gather.push_back(begin + (i < length ? i : 0));
      for (std::int64_t i = 0; i < length; ++i) {
        scatter.push_back(r * layout.longest + i);
        positions.push_back(prefix + i);
      }
      last.push_back(begin + length - 1);
    }
    const auto device = batch.suffix.device();
    layout.gather = at::tensor(gather).to(device);
    layout.scatter = at::tensor(scatter).to(device);
    layout.positions = at::tensor(positions).to(device);
    layout.last = at::tensor(last).to(device);
    layout.group = at::tensor(batch.group).to(device);
    const Tensor seen = layout.positions.index_select(0, layout.last).view({rows, 1, 1, 1});
    const Tensor keys = at::arange(prefix + layout.longest, layout.positions.options()).view({1, 1, 1, -1});
    layout.read_mask = at::zeros({rows, 1, 1, prefix + layout.longest}, batch.suffix.options())
                           .masked_fill(keys.gt(seen), -std::numeric_limits<float>::infinity());
    return layout;
  }
};

}  // namespace detail

/// Token embeddings in, text features out (not normalised).
class TextTower {
 public:
  TextTower() = default;

  /// From weights with OpenAI's names.
  TextTower(const TensorMap& weights, std::int64_t layers, Activation activation)
      : positions_(weights.at("positional_embedding")),
        ln_weight_(weights.at("ln_final.weight")),
        ln_bias_(weights.at("ln_final.bias")),
        projection_(weights.at("text_projection")) {
    for (std::int64_t i = 0; i < layers; ++i) {
      blocks_.push_back(Block::from(weights, "transformer.resblocks.", i, activation));
    }
  }

  [[nodiscard]] std::int64_t width() const { return positions_.size(1); }
  [[nodiscard]] std::int64_t context_length() const { return positions_.size(0); }

  /// The packed path. **Shape** [R, D].
  [[nodiscard]] Tensor encode(const TextBatch& batch) const {
    batch.check();
    const auto layout = detail::PackedLayout::of(batch);
    const std::int64_t groups = batch.prefix.size(0), length = batch.prefix.size(1), shared = groups * length;
    require<ShapeError>(length + layout.longest <= context_length(), "TextTower::encode: the longest row has ",
                        length + layout.longest, " tokens, the model takes ", context_length());
    const Tensor prefix = batch.prefix + positions_.narrow(0, 0, length);
    const Tensor suffix = batch.suffix + positions_.index_select(0, layout.positions);
    Tensor x = at::cat({prefix.reshape({shared, width()}), suffix});  // [G * P + N, W]
    const Tensor prefix_mask = detail::causal_mask(length, length, 0, x.options());
    const Tensor suffix_mask = detail::causal_mask(layout.longest, length + layout.longest, length, x.options());
    for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) {
      const Packed parts(blocks_[i], blocks_[i].queries_keys_values(x), layout, groups, length);
      const Tensor first = detail::attention(parts.prefix_q, parts.prefix_k, parts.prefix_v, prefix_mask);
      const Tensor rest = detail::attention(parts.padded(parts.suffix_q), parts.keys(), parts.values(), suffix_mask);
      const Tensor packed = merge_heads(rest).reshape({-1, width()}).index_select(0, layout.scatter);
      x = blocks_[i].finish(x, at::cat({merge_heads(first).reshape({shared, width()}), packed}));
    }
    return project(read_out(x, layout, groups, length));
  }

  /// The reference path: rows padded to one length, every token computed. **Shapes** embeddings [R, L, W], last [R] ->
  /// [R, D].
  [[nodiscard]] Tensor encode_dense(const Tensor& embeddings, const Tensor& last, const Probe& probe = {}) const {
    expect_shape(embeddings, {-1, -1, width()}, "TextTower::encode_dense: embeddings");
    const std::int64_t length = embeddings.size(1);
    Tensor x = embeddings + positions_.narrow(0, 0, length);
    const Tensor mask = detail::causal_mask(length, length, 0, x.options());
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      x = blocks_[i].forward(x, mask);
      if (probe) probe("text.block" + std::to_string(i), x);
    }
    if (probe) probe("text.ln_final", at::layer_norm(x, {width()}, ln_weight_, ln_bias_));
    return project(x.take_along_dim(last.view({-1, 1, 1}), 1).squeeze(1));
  }

 private:
  /// Queries, keys and values of one layer, prefix and suffix apart.
  struct Packed {
    Packed(const Block& block, const Tensor& qkv, const detail::PackedLayout& index, std::int64_t groups,
           std::int64_t length)
        : layout(index), heads(block.heads) {
      const std::int64_t shared = groups * length;
      const auto prefix = qkv.narrow(0, 0, shared).reshape({groups, length, -1}).chunk(3, -1);
      prefix_q = block.split_heads(prefix[0]);
      prefix_k = block.split_heads(prefix[1]);
      prefix_v = block.split_heads(prefix[2]);
      const auto suffix = qkv.narrow(0, shared, qkv.size(0) - shared).chunk(3, -1);
      suffix_q = suffix[0];
      suffix_k = suffix[1];
      suffix_v = suffix[2];
    }

    /// [N, W] -> [R, h, L, d]
    [[nodiscard]] Tensor padded(const Tensor& packed) const {
      return packed.index_select(0, layout.gather)
          .view({layout.group.size(0), layout.longest, heads, packed.size(1) / heads})
          .transpose(1, 2);
    }
    /// The prefix of each row: [G, h, P, d] -> [R, h, P, d]
    [[nodiscard]] Tensor of_rows(const Tensor& shared) const {
      return shared.size(0) == 1 ? shared.expand({layout.group.size(0), -1, -1, -1})
                                 : shared.index_select(0, layout.group);
    }
    [[nodiscard]] Tensor keys() const { return at::cat({of_rows(prefix_k), padded(suffix_k)}, 2); }
    [[nodiscard]] Tensor values() const { return at::cat({of_rows(prefix_v), padded(suffix_v)}, 2); }

    const detail::PackedLayout& layout;
    std::int64_t heads;
    Tensor prefix_q, prefix_k, prefix_v;  // [G, h, P, d]
    Tensor suffix_q, suffix_k, suffix_v;  // [N, W]
  };

  static Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }  // [B, h, L, d] -> [B, L, W]

  /// The last block, where only the last token of each row is needed as a query. **Shape** [R, W].
  [[nodiscard]] Tensor read_out(const Tensor& x, const detail::PackedLayout& layout, std::int64_t groups,
                                std::int64_t length) const {
    const Block& block = blocks_.back();
    const Packed parts(block, block.queries_keys_values(x), layout, groups, length);
    const Tensor query = parts.suffix_q.index_select(0, layout.last).unsqueeze(1);  // [R, 1, W]
    const Tensor mixed = detail::attention(block.split_heads(query), parts.keys(), parts.values(), layout.read_mask);
    return block.finish(x.index_select(0, layout.last + groups * length), merge_heads(mixed).squeeze(1));
  }

  [[nodiscard]] Tensor project(const Tensor& x) const {
    return at::matmul(at::layer_norm(x, {width()}, ln_weight_, ln_bias_), projection_);
  }

  Tensor positions_;            // [context, W]
  Tensor ln_weight_, ln_bias_;  // [W]
  Tensor projection_;           // [W, D]
  std::vector<Block> blocks_;
};

}  // namespace mao
