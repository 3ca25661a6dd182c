// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's text tower, twice: packed (what training uses) and dense (the readable reference, the oracle of the tests).
///
/// Attention is causal and a row is read out at its last token, so nothing after that token can matter: rows need no
/// padding. The prefix that rows share stands before everything else, so its states are the same in every row: they are
/// computed once a group. Both are exact. The packed pass exists in formulas, here, and as a CPU with AVX-512 computes
/// it (fused_text.hpp).

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include <mao/clip/block.hpp>
#include <mao/clip/block_prompts.hpp>
#include <mao/clip/fused_pass.hpp>
#include <mao/clip/fused_text.hpp>
#include <mao/clip/packed_layout.hpp>

namespace mao {

/// Token embeddings in, text features out (not normalised).
class TextTower {
 public:
  TextTower() = default;

  /// From weights with OpenAI's names.
  TextTower(const TensorMap& weights, std::int64_t layers, Activation activation, Precision precision = Precision::Fp32)
      : precision_(precision),
        positions_(weights.at("positional_embedding")),
        ln_weight_(weights.at("ln_final.weight")),
        ln_bias_(weights.at("ln_final.bias")),
        projection_(weights.at("text_projection")) {
    for (std::int64_t i = 0; i < layers; ++i) {
      blocks_.push_back(Block::from(weights, "transformer.resblocks.", i, activation, precision));
    }
#if MAO_HAS_AVX512_KERNELS
    fused_ = detail::fused_blocks(blocks_, precision);
#endif
  }

  [[nodiscard]] std::int64_t width() const { return positions_.size(1); }
  [[nodiscard]] std::int64_t context_length() const { return positions_.size(0); }

  /// About how many bytes `encode` keeps of that many tokens, prefixes included, for the way back to the prompts.
  [[nodiscard]] std::size_t kept_bytes(std::int64_t tokens) const {
    return static_cast<std::size_t>(tokens) *
           detail::kept_bytes_per_token(width(), static_cast<std::int64_t>(blocks_.size()), precision_);
  }
  /// A pass that would keep more encodes its rows in parts and computes each once more on its way back: 1,000 classes
  /// in the memory of a few. The same numbers, and a forward pass more.
  void limit_kept(std::size_t bytes) { kept_limit_ = bytes; }

  /// The packed path; `prompts` replace the tokens after the start token before some blocks. **Shape** [R, D].
  ///
  /// A replacement for each row gives every row a prefix of its own from that block on; until then they share theirs.
  [[nodiscard]] Tensor encode(const TextBatch& batch, const BlockPrompts& prompts = {}) const {
    batch.check();
    check_prompts(batch, prompts);
    const std::int64_t longest = batch.prefix.size(1) + batch.longest_suffix();
    require<ShapeError>(longest <= context_length(), "TextTower::encode: the longest row has ", longest,
                        " tokens, the model takes ", context_length());
#if MAO_HAS_AVX512_KERNELS
    if (detail::kernels_fit(batch.prefix, blocks_.front())) {
      const bool in_parts = kept_bytes(detail::tokens_of_rows(batch, 0, batch.rows())) > kept_limit_;
      return project(in_parts ? encode_in_parts(batch, prompts) : encode_fused(batch, prompts, false));
    }
#endif
    State state(batch);
    state.prefix = batch.prefix + positions_.narrow(0, 0, state.length);
    state.suffix = batch.suffix + positions_.index_select(0, state.layout.positions);
    for (std::size_t i = 0; i + 1 < blocks_.size(); ++i) pass(blocks_[i], detail::prompt_of(prompts, i), state);
    return project(read_out(detail::prompt_of(prompts, blocks_.size() - 1), state));
  }

  /// The reference path: rows padded to one length, every token computed. **Shapes** embeddings [R, L, W], last [R] ->
  /// [R, D].
  [[nodiscard]] Tensor encode_dense(const Tensor& embeddings, const Tensor& last, const Probe& probe = {},
                                    const BlockPrompts& prompts = {}) const {
    expect_shape(embeddings, {-1, -1, width()}, "TextTower::encode_dense: embeddings");
    detail::check_depth(prompts, blocks_.size(), "TextTower::encode_dense");
    const std::int64_t length = embeddings.size(1);
    Tensor x = embeddings + positions_.narrow(0, 0, length);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const BlockPrompt prompt = detail::prompt_of(prompts, i);
      if (prompt.replacement.defined()) x = replaced(x, prompt.replacement);
      const std::int64_t more = prompt.attended.defined() ? prompt.attended.size(0) : 0;
      x = blocks_[i].forward(x, detail::causal_mask(length, more + length, more, x.options()), prompt.attended);
      if (probe) probe("text.block" + std::to_string(i), x);
    }
    if (probe) probe("text.ln_final", at::layer_norm(x, {width()}, ln_weight_, ln_bias_));
    return project(x.take_along_dim(last.view({-1, 1, 1}), 1).squeeze(1));
  }

 private:
  /// **Throws** `OptionError`, `ShapeError` for prompts that do not fit the tower or the batch.
  void check_prompts(const TextBatch& batch, const BlockPrompts& prompts) const {
    detail::check_depth(prompts, blocks_.size(), "TextTower::encode");
    for (const BlockPrompt& prompt : prompts) {
      if (prompt.attended.defined()) expect_shape(prompt.attended, {-1, width()}, "TextTower: attended tokens");
      if (!prompt.replacement.defined()) continue;
      const std::int64_t n = prompt.replacement.size(-2);
      require<ShapeError>(n < batch.prefix.size(1), "TextTower: a prompt of ", n,
                          " tokens replaces those after the start token, of which the shared prefix has ",
                          batch.prefix.size(1) - 1);
      if (prompt.replacement.dim() == 3) {
        expect_shape(prompt.replacement, {batch.rows(), -1, width()}, "TextTower: a replacement for each row");
      } else {
        expect_shape(prompt.replacement, {-1, width()}, "TextTower: a replacement");
      }
    }
  }

#if MAO_HAS_AVX512_KERNELS
  /// All blocks. **Shape** [R, W].
  [[nodiscard]] Tensor encode_fused(const TextBatch& batch, const BlockPrompts& prompts, bool again) const {
    const Tensor prefix = batch.prefix.detach() + positions_.narrow(0, 0, batch.prefix.size(1));
    const Tensor suffix = batch.suffix.detach() + positions_.index_select(0, detail::TextRows(batch).positions());
    return detail::run_pass(
        detail::FusedTextPass::inputs(batch, prompts), again,
        [blocks = fused_, batch, prompts] { return std::make_shared<detail::FusedTextPass>(blocks, batch, prompts); },
        [prefix, suffix](detail::FusedTextPass& pass, bool keep) { return pass.forward(prefix, suffix, keep); });
  }

  /// The same in parts of as many rows as the limit allows, each computed once more on its way back.
  [[nodiscard]] Tensor encode_in_parts(const TextBatch& batch, const BlockPrompts& prompts) const {
    std::vector<Tensor> parts;
    for (std::int64_t begin = 0, end = 0; begin < batch.rows(); begin = end) {
      do {
        ++end;
      } while (end < batch.rows() && kept_bytes(detail::tokens_of_rows(batch, begin, end + 1)) <= kept_limit_);
      parts.push_back(encode_fused(detail::rows_of(batch, begin, end), detail::rows_of(prompts, begin, end), true));
    }
    return at::cat(parts);
  }
#endif

  /// What flows from block to block.
  struct State {
    explicit State(const TextBatch& batch)
        : layout(detail::PackedLayout::of(batch)), groups(batch.prefix.size(0)), length(batch.prefix.size(1)) {}
    detail::PackedLayout layout;
    std::int64_t groups, length;  ///< G, P
    Tensor prefix;                ///< [G, P, W]
    Tensor suffix;                ///< [N, W]
  };

  /// Queries, keys and values of one layer, prefix and suffix apart; attended tokens stand before the prefix's keys.
  struct Packed {
    Packed(const Block& block, const BlockPrompt& prompt, const State& state)
        : layout(state.layout), heads(block.heads), seen(state.length) {
      const std::int64_t shared = state.groups * state.length, width = block.width();
      const Tensor qkv =
          block.queries_keys_values(at::cat({state.prefix.reshape({shared, width}), state.suffix}));  // [G * P + N, 3W]
      const auto prefix = qkv.narrow(0, 0, shared).reshape({state.groups, state.length, -1}).chunk(3, -1);
      prefix_q = block.split_heads(prefix[0]);
      prefix_k = block.split_heads(prefix[1]);
      prefix_v = block.split_heads(prefix[2]);
      const auto suffix = qkv.narrow(0, shared, qkv.size(0) - shared).chunk(3, -1);
      suffix_q = suffix[0];
      suffix_k = suffix[1];
      suffix_v = suffix[2];
      if (!prompt.attended.defined()) return;
      const auto [more_keys, more_values] = block.keys_values(prompt.attended, state.groups);
      prefix_k = at::cat({more_keys, prefix_k}, 2);
      prefix_v = at::cat({more_values, prefix_v}, 2);
      seen += prompt.attended.size(0);
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
    std::int64_t seen;                    // keys before the suffix's
    Tensor prefix_q, prefix_k, prefix_v;  // [G, h, P, d]
    Tensor suffix_q, suffix_k, suffix_v;  // [N, W]
  };

  static Tensor merge_heads(const Tensor& x) { return x.transpose(1, 2).flatten(2); }  // [B, h, L, d] -> [B, L, W]

  /// Puts `tokens` [n, W] or [B, n, W] in the place of those after the start token. **Shape** x [B, L, W].
  static Tensor replaced(const Tensor& x, const Tensor& tokens) {
    const std::int64_t n = tokens.size(-2);
    return at::cat({x.narrow(1, 0, 1), tokens.expand({x.size(0), n, x.size(2)}), x.narrow(1, 1 + n, x.size(1) - 1 - n)},
                   1);
  }

  static void replace(const BlockPrompt& prompt, State& state) {
    if (!prompt.replacement.defined()) return;
    const std::int64_t rows = state.layout.group.size(0);
    if (prompt.replacement.dim() == 3 && state.groups != rows) {  // from here on every row has a prefix of its own
      state.prefix = state.prefix.index_select(0, state.layout.group);
      state.layout.group = at::arange(rows, state.layout.group.options());
      state.groups = rows;
    }
    state.prefix = replaced(state.prefix, prompt.replacement);
  }

  /// One block on the whole state.
  static void pass(const Block& block, const BlockPrompt& prompt, State& state) {
    replace(prompt, state);
    const Packed parts(block, prompt, state);
    const std::int64_t shared = state.groups * state.length, longest = state.layout.longest, width = block.width();
    const auto options = state.suffix.options();
    const Tensor prefix_mask = detail::causal_mask(state.length, parts.seen, parts.seen - state.length, options);
    const Tensor suffix_mask = detail::causal_mask(longest, parts.seen + longest, parts.seen, options);
    const Tensor first = detail::attention(parts.prefix_q, parts.prefix_k, parts.prefix_v, prefix_mask);
    const Tensor rest = detail::attention(parts.padded(parts.suffix_q), parts.keys(), parts.values(), suffix_mask);
    const Tensor packed = merge_heads(rest).reshape({-1, width}).index_select(0, state.layout.scatter);
    const Tensor x = block.finish(at::cat({state.prefix.reshape({shared, width}), state.suffix}),
                                  at::cat({merge_heads(first).reshape({shared, width}), packed}));
    state.prefix = x.narrow(0, 0, shared).reshape({state.groups, state.length, width});
    state.suffix = x.narrow(0, shared, x.size(0) - shared);
  }

  /// The last block, where only the last token of each row is needed as a query. **Shape** [R, W].
  [[nodiscard]] Tensor read_out(const BlockPrompt& prompt, State& state) const {
    replace(prompt, state);
    const Block& block = blocks_.back();
    const Packed parts(block, prompt, state);
    const Tensor query = parts.suffix_q.index_select(0, state.layout.last).unsqueeze(1);  // [R, 1, W]
    Tensor mask = state.layout.read_mask;
    if (parts.seen > state.length) {
      auto shape = mask.sizes().vec();
      shape.back() = parts.seen - state.length;
      mask = at::cat({at::zeros(shape, mask.options()), mask}, -1);
    }
    const Tensor mixed = detail::attention(block.split_heads(query), parts.keys(), parts.values(), mask);
    return block.finish(state.suffix.index_select(0, state.layout.last), merge_heads(mixed).squeeze(1));
  }

  [[nodiscard]] Tensor project(const Tensor& x) const {
    return at::matmul(at::layer_norm(x, {width()}, ln_weight_, ln_bias_), projection_);
  }

  Precision precision_ = Precision::Fp32;
  std::size_t kept_limit_ = std::numeric_limits<std::size_t>::max();
  Tensor positions_;            // [context, W]
  Tensor ln_weight_, ln_bias_;  // [W]
  Tensor projection_;           // [W, D]
  std::vector<Block> blocks_;
#if MAO_HAS_AVX512_KERNELS
  std::shared_ptr<const std::vector<detail::FusedBlock>> fused_;
#endif
};

}  // namespace mao
