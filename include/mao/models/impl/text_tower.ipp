// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/text_tower.hpp>

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/device_text_pass.hpp>
#include <mao/models/detail/fused_text.hpp>
#include <mao/models/detail/packed_text.hpp>
#include <mao/models/detail/padded_rows.hpp>
#include <mao/models/detail/text_rows.hpp>
#include <mao/models/detail/fused_pass.hpp>
#include <mao/models/detail/text_constants.hpp>

namespace mao {

MAO_INLINE std::size_t TextTower::kept_bytes(std::int64_t tokens) const {
  return static_cast<std::size_t>(tokens) *
         detail::kept_bytes_per_token(width(), blocks_.front().mlp_width(), static_cast<std::int64_t>(blocks_.size()),
                                      precision_);
}

MAO_INLINE Tensor TextTower::normed(const Tensor& x) const {
  return at::layer_norm(x, {width()}, ln_weight_, ln_bias_, epsilon_);
}

MAO_INLINE TextTower::TextTower(const TensorMap& weights, std::int64_t layers, const ClipForm& form,
                                Precision precision)
    : precision_(precision),
      packs_(form.packs_text()),
      causal_(form.causal),
      first_(form.text_start ? 1 : 0),
      pooling_(form.text_pooling),
      epsilon_(form.text.epsilon),
      positions_(weights.at("positional_embedding")),
      ln_weight_(weights.at("ln_final.weight")),
      ln_bias_(weights.at("ln_final.bias")) {
  if (form.text_projection) projection_ = weights.at("text_projection");
  if (form.text_bias) projection_bias_ = weights.at("text_projection.bias");
  if (!packs_) padding_ = weights.at("token_embedding.weight").select(0, form.text_padding);
  for (std::int64_t i = 0; i < layers; ++i) {
    blocks_.push_back(Block::from(weights, "transformer.resblocks.", i, form.text, precision));
  }
#if MAO_HAS_AVX512_KERNELS
  if (!packs_ || !detail::kernels_know(blocks_) || width() != blocks_.front().heads * detail::head_width) return;
  fused_ = detail::fused_blocks(blocks_, precision);
  constants_ = std::make_shared<const detail::TextConstants>(fused_);
#endif
}

MAO_INLINE Tensor TextTower::encode(const TextBatch& batch, const BlockPrompts& prompts) const {
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

MAO_INLINE Tensor TextTower::encode_dense(const Tensor& embeddings, const Tensor& last, const Probe& probe,
                                          const BlockPrompts& prompts) const {
  expect_shape(embeddings, {-1, -1, width()}, "TextTower::encode_dense: embeddings");
  detail::check_depth(prompts, blocks_.size(), "TextTower::encode_dense");
  const std::int64_t length = embeddings.size(1);
  Tensor x = embeddings + positions_.narrow(0, 0, length);
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const BlockPrompt prompt = detail::prompt_of(prompts, i);
    if (prompt.replacement.defined()) x = detail::with_replacement(x, prompt.replacement, first_);
    const std::int64_t more = prompt.attended.defined() ? prompt.attended.size(0) : 0;
    const Tensor mask = causal_ ? detail::causal_mask(length, more + length, more, x.options()) : Tensor();
    x = blocks_[i].forward(x, mask, prompt.attended);
    if (probe) probe("text.block" + std::to_string(i), x);
  }
  if (probe) probe("text.ln_final", normed(x));
  return project(x.take_along_dim(last.view({-1, 1, 1}), 1).squeeze(1));
}

MAO_INLINE void TextTower::check_prompts(const TextBatch& batch, const BlockPrompts& prompts) const {
  detail::check_depth(prompts, blocks_.size(), "TextTower::encode");
  for (const BlockPrompt& prompt : prompts) {
    if (prompt.attended.defined()) expect_shape(prompt.attended, {-1, width()}, "TextTower: attended tokens");
    if (!prompt.replacement.defined()) continue;
    const std::int64_t n = prompt.replacement.size(-2);
    require<ShapeError>(first_ + n <= batch.prefix.size(1), "TextTower: a prompt of ", n, " tokens replaces those ",
                        first_ == 1 ? "after the start token" : "at the start", ", of which the shared prefix has ",
                        batch.prefix.size(1) - first_);
    if (prompt.replacement.dim() == 3) {
      expect_shape(prompt.replacement, {batch.rows(), -1, width()}, "TextTower: a replacement for each row");
    } else {
      expect_shape(prompt.replacement, {-1, width()}, "TextTower: a replacement");
    }
  }
}

MAO_INLINE std::pair<Tensor, Tensor> TextTower::with_positions(const TextBatch& batch) const {
  const Tensor places = detail::TextRows(batch).positions().to(positions_.device());
  return {batch.prefix + positions_.narrow(0, 0, batch.prefix.size(1)),
          batch.suffix + positions_.index_select(0, places)};
}

}  // namespace mao

#if MAO_HAS_AVX512_KERNELS

namespace mao {

MAO_INLINE Tensor TextTower::encode_fused(const TextBatch& batch, const BlockPrompts& prompts, bool again) const {
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

MAO_INLINE Tensor TextTower::encode_in_parts(const TextBatch& batch, const BlockPrompts& prompts) const {
  std::vector<Tensor> parts;
  for (std::int64_t begin = 0, end = 0; begin < batch.rows(); begin = end) {
    do {
      ++end;
    } while (end < batch.rows() && kept_bytes(detail::tokens_of_rows(batch, begin, end + 1)) <= kept_limit_);
    parts.push_back(encode_fused(detail::rows_of(batch, begin, end), detail::rows_of(prompts, begin, end), true));
  }
  return at::cat(parts);
}

}  // namespace mao

#endif

namespace mao {

MAO_INLINE Tensor TextTower::encode_padded(const TextBatch& batch, const BlockPrompts& prompts) const {
  constexpr std::int64_t few = 64;
  std::vector<Tensor> parts;
  for (std::int64_t begin = 0; begin < batch.rows(); begin += few) {
    const std::int64_t end = std::min(begin + few, batch.rows());
    const auto rows = detail::PaddedRows::of(batch, begin, end, padding_, context_length(), pooling_);
    parts.push_back(encode_dense(rows.embeddings, rows.read, {}, detail::rows_of(prompts, begin, end)));
  }
  return at::cat(parts);
}

MAO_INLINE Tensor TextTower::project(const Tensor& x) const {
  Tensor feature = normed(x);
  if (projection_.defined()) feature = at::matmul(feature, projection_);
  return projection_bias_.defined() ? feature + projection_bias_ : feature;
}

}  // namespace mao
