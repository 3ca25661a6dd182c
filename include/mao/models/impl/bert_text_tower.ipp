// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/bert_text_tower.hpp>

#include <vector>

#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/bert_tensors.hpp>
#include <mao/models/detail/whole_rows.hpp>

namespace mao {

MAO_INLINE BertTextTower::BertTextTower(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form,
                                        Precision precision)
    : encoder_(detail::WeightReader(weights, "the text tower", detail::bert_prefix),
               form.text.heads_in(sizes.text_width), precision),
      context_(sizes.context) {
  if (form.text_mlp) hidden_ = weights.at("text_projection_fc.weight");
  if (form.text_projection) projection_ = weights.at("text_projection");
}

MAO_INLINE Tensor BertTextTower::embed(const Tensor& ids) const { return at::embedding(encoder_.words(), ids); }

MAO_INLINE Tensor BertTextTower::encode(const TextBatch& batch) const {
  batch.check();
  expect_shape(batch.suffix, {-1, width()}, "BertTextTower::encode: TextBatch::suffix");
  const std::int64_t longest = batch.prefix.size(1) + batch.longest_suffix();
  require<ShapeError>(longest <= context_, "BertTextTower::encode: the longest row has ", longest,
                      " tokens, the model takes ", context_);
  const auto rows = detail::WholeRows::of(batch);
  const auto device = rows.tokens.device();
  const auto layout = detail::packed_layout(rows.offsets, device);
  const Tensor start = rows.tokens + encoder_.positions(layout.length).index_select(0, layout.positions);
  const std::vector<std::int64_t> firsts(rows.offsets.begin(), rows.offsets.end() - 1);
  Tensor feature = encoder_.forward(start, layout).index_select(0, at::tensor(firsts).to(device));
  if (hidden_.defined()) feature = at::gelu(at::linear(feature, hidden_));
  return projection_.defined() ? at::matmul(feature, projection_) : feature;
}

}  // namespace mao
