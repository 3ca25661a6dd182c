// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's text tower, twice: packed (what training uses) and dense (the readable reference, the oracle of the tests).
///
/// In CLIP attention is causal and a row is read out at its last token, so nothing after that token can matter: rows
/// need no padding. The prefix that rows share stands before everything else, so its states are the same in every row:
/// they are computed once a group. Both are exact. The packed pass exists in formulas (packed_text.hpp), as a CPU with
/// AVX-512 computes it (fused_text.hpp), and, where a program has them, with kernels for another device
/// (device_text_pass.hpp). A tower without a mask, or read out at another token, computes padded rows whole.

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>

#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/detail/device_text_pass.hpp>
#include <mao/models/detail/fused_pass.hpp>
#include <mao/models/detail/fused_text.hpp>
#include <mao/models/detail/packed_text.hpp>
#include <mao/models/detail/padded_rows.hpp>
#include <mao/models/detail/text_rows.hpp>

namespace mao {

/// Token embeddings in, text features out (not normalised).
class TextTower {
 public:
  TextTower() = default;

  /// From weights with OpenAI's names.
  TextTower(const TensorMap& weights, std::int64_t layers, const ClipForm& form = {},
            Precision precision = Precision::Fp32)
      : precision_(precision),
        packs_(form.packs_text()),
        causal_(form.causal),
        pooling_(form.text_pooling),
        epsilon_(form.text.epsilon),
        positions_(weights.at("positional_embedding")),
        ln_weight_(weights.at("ln_final.weight")),
        ln_bias_(weights.at("ln_final.bias")) {
    if (form.text_projection) projection_ = weights.at("text_projection");
    if (form.text_bias) projection_bias_ = weights.at("text_projection.bias");
    if (!packs_) padding_ = weights.at("token_embedding.weight").select(0, 0);
    for (std::int64_t i = 0; i < layers; ++i) {
      blocks_.push_back(Block::from(weights, "transformer.resblocks.", i, form.text, precision));
    }
#if MAO_HAS_AVX512_KERNELS
    if (!packs_ || !detail::kernels_know(blocks_) || width() != blocks_.front().heads * detail::head_width) return;
    fused_ = detail::fused_blocks(blocks_, precision);
    constants_ = std::make_shared<const detail::TextConstants>(fused_);
#endif
  }

  [[nodiscard]] std::int64_t width() const { return positions_.size(1); }
  [[nodiscard]] std::int64_t context_length() const { return positions_.size(0); }

  /// About how many bytes `encode` keeps of that many tokens, prefixes included, for the backward pass to the prompts.
  [[nodiscard]] std::size_t kept_bytes(std::int64_t tokens) const {
    return static_cast<std::size_t>(tokens) *
           detail::kept_bytes_per_token(width(), blocks_.front().mlp_width(),
                                        static_cast<std::int64_t>(blocks_.size()), precision_);
  }
  /// A pass that would keep more encodes its rows in parts and computes each again in its backward pass: 1,000 classes
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
    if (!packs_) return encode_padded(batch, prompts);
    const DeviceTextPass* device = registered_text_pass();
    if (device != nullptr && device->can_take(blocks_, batch, prompts)) {
      const auto [prefix, suffix] = with_positions(batch);
      return project(device->encode(blocks_, batch, prompts, prefix, suffix));
    }
#if MAO_HAS_AVX512_KERNELS
    if (fused_ != nullptr && detail::kernels_fit(batch.prefix)) {
      const bool in_parts = kept_bytes(detail::tokens_of_rows(batch, 0, batch.rows())) > kept_limit_;
      return project(in_parts ? encode_in_parts(batch, prompts) : encode_fused(batch, prompts, false));
    }
#endif
    return project(detail::PackedText(batch, positions_).encode(blocks_, prompts));
  }

  /// The reference path: rows padded to one length, every token computed, each row read out at `last`. **Shapes**
  /// embeddings [R, L, W], last [R] -> [R, D].
  [[nodiscard]] Tensor encode_dense(const Tensor& embeddings, const Tensor& last, const Probe& probe = {},
                                    const BlockPrompts& prompts = {}) const {
    expect_shape(embeddings, {-1, -1, width()}, "TextTower::encode_dense: embeddings");
    detail::check_depth(prompts, blocks_.size(), "TextTower::encode_dense");
    const std::int64_t length = embeddings.size(1);
    Tensor x = embeddings + positions_.narrow(0, 0, length);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const BlockPrompt prompt = detail::prompt_of(prompts, i);
      if (prompt.replacement.defined()) x = detail::with_replacement(x, prompt.replacement);
      const std::int64_t more = prompt.attended.defined() ? prompt.attended.size(0) : 0;
      const Tensor mask = causal_ ? detail::causal_mask(length, more + length, more, x.options()) : Tensor();
      x = blocks_[i].forward(x, mask, prompt.attended);
      if (probe) probe("text.block" + std::to_string(i), x);
    }
    if (probe) probe("text.ln_final", normed(x));
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

  /// Prefix and suffix of a batch, each token with its position. **Shapes** [G, P, W] and [N, W].
  [[nodiscard]] std::pair<Tensor, Tensor> with_positions(const TextBatch& batch) const {
    const Tensor places = detail::TextRows(batch).positions().to(positions_.device());
    return {batch.prefix + positions_.narrow(0, 0, batch.prefix.size(1)),
            batch.suffix + positions_.index_select(0, places)};
  }

#if MAO_HAS_AVX512_KERNELS
  /// All blocks. **Shape** [R, W].
  [[nodiscard]] Tensor encode_fused(const TextBatch& batch, const BlockPrompts& prompts, bool again) const {
    const auto entering = [&] {
      const at::NoGradGuard own;
      return with_positions(batch);
    };
    return detail::run_pass(
        detail::FusedTextPass::inputs(batch, prompts), again,
        [blocks = fused_, constants = constants_, batch, prompts] {
          return std::make_shared<detail::FusedTextPass>(blocks, constants, batch, prompts);
        },
        [tokens = entering()](detail::FusedTextPass& pass, bool keep) {
          return pass.forward(tokens.first, tokens.second, keep);
        });
  }

  /// The same in parts of as many rows as the limit allows, each computed again in its backward pass.
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

  /// Rows padded to the length that the model was trained with, a few at a time. **Shape** [R, D].
  [[nodiscard]] Tensor encode_padded(const TextBatch& batch, const BlockPrompts& prompts) const {
    constexpr std::int64_t few = 64;
    std::vector<Tensor> parts;
    for (std::int64_t begin = 0; begin < batch.rows(); begin += few) {
      const std::int64_t end = std::min(begin + few, batch.rows());
      const auto rows = detail::PaddedRows::of(batch, begin, end, padding_, context_length(), pooling_);
      parts.push_back(encode_dense(rows.embeddings, rows.read, {}, detail::rows_of(prompts, begin, end)));
    }
    return at::cat(parts);
  }

  [[nodiscard]] Tensor normed(const Tensor& x) const {
    return at::layer_norm(x, {width()}, ln_weight_, ln_bias_, epsilon_);
  }
  [[nodiscard]] Tensor project(const Tensor& x) const {
    Tensor feature = normed(x);
    if (projection_.defined()) feature = at::matmul(feature, projection_);
    return projection_bias_.defined() ? feature + projection_bias_ : feature;
  }

  Precision precision_ = Precision::Fp32;
  bool packs_ = true, causal_ = true;
  TextPooling pooling_ = TextPooling::End;
  double epsilon_ = 1e-5;
  std::size_t kept_limit_ = std::numeric_limits<std::size_t>::max();
  Tensor positions_;            // [context, W]
  Tensor ln_weight_, ln_bias_;  // [W]
  Tensor projection_;           // [W, D]; undefined where features are as wide as the tower
  Tensor projection_bias_;      // [D] or undefined
  Tensor padding_;              // [W] of the padding token, where rows are padded
  std::vector<Block> blocks_;
#if MAO_HAS_AVX512_KERNELS
  std::shared_ptr<const std::vector<detail::FusedBlock>> fused_;
  std::shared_ptr<const detail::TextConstants> constants_;
#endif
};

}  // namespace mao
