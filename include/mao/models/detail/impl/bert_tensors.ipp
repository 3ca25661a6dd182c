// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/bert_tensors.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/models/architecture.hpp>

namespace mao::detail {

MAO_INLINE void move_bert_projection(TensorMap& weights, TensorMap& result) {
  for (const char* name : {"text.proj.weight", "text.proj.2.weight"}) {
    const auto found = weights.find(name);
    if (found == weights.end() || found->second.dim() != 2) continue;
    require<FormatError>(result.try_emplace("text_projection", found->second.t().contiguous()).second,
                         "the checkpoint has text.proj.weight and text.proj.2.weight; expected one projection");
    weights.erase(found);
  }
  auto layer = weights.extract("text.proj.0.weight");
  if (!layer.empty()) result["text_projection_fc.weight"] = std::move(layer.mapped());
}

MAO_INLINE void read_bert_sizes(const TensorMap& weights, const std::string& source, ClipArchitecture& sizes) {
  const std::string prefix = bert_prefix;
  const Tensor& words = tensor_of(weights, prefix + "embeddings.word_embeddings.weight", source, 2);
  sizes.vocabulary = words.size(0);
  sizes.text_width = words.size(1);
  sizes.text_positions = tensor_of(weights, prefix + "embeddings.position_embeddings.weight", source, 2).size(0);
  sizes.text_types = tensor_of(weights, prefix + "embeddings.token_type_embeddings.weight", source, 2).size(0);
  sizes.text_layers = count_blocks(weights, prefix + "encoder.layer.");
  sizes.text_mlp = tensor_of(weights, prefix + "encoder.layer.0.intermediate.dense.weight", source, 2).size(0);
  sizes.context = sizes.text_positions;
  require<FormatError>(sizes.text_types > 0, source, ": ", prefix, "embeddings.token_type_embeddings.weight is empty, ",
                       "expected a token type");
}

MAO_INLINE void add_bert_shapes(const ClipArchitecture& sizes, const ClipForm& form, ShapeTable& table) {
  const std::int64_t width = sizes.text_width, mlp = sizes.text_mlp;
  const auto add = [&](const std::string& layer, std::int64_t out, std::int64_t in) {
    table.push_back({layer + ".weight", {out, in}});
    table.push_back({layer + ".bias", {out}});
  };
  const auto add_norm = [&](const std::string& norm) {
    table.push_back({norm + ".weight", {width}});
    table.push_back({norm + ".bias", {width}});
  };
  const std::string embeddings = std::string(bert_prefix) + "embeddings.";
  table.push_back({embeddings + "word_embeddings.weight", {sizes.vocabulary, width}});
  table.push_back({embeddings + "position_embeddings.weight", {sizes.text_positions, width}});
  table.push_back({embeddings + "token_type_embeddings.weight", {sizes.text_types, width}});
  add_norm(embeddings + "LayerNorm");
  for (std::int64_t i = 0; i < sizes.text_layers; ++i) {
    const std::string layer = text_of(bert_prefix, "encoder.layer.", i, '.');
    for (const char* part : {"query", "key", "value"}) add(layer + "attention.self." + part, width, width);
    add(layer + "attention.output.dense", width, width);
    add(layer + "intermediate.dense", mlp, width);
    add(layer + "output.dense", width, mlp);
    add_norm(layer + "attention.output.LayerNorm");
    add_norm(layer + "output.LayerNorm");
  }
  const std::int64_t between = (width + sizes.embed) / 2;
  if (form.text_mlp) table.push_back({"text_projection_fc.weight", {between, width}});
  if (form.text_projection) table.push_back({"text_projection", {form.text_mlp ? between : width, sizes.embed}});
}

}  // namespace mao::detail
