// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/bert_encoder.hpp>

#include <algorithm>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/text/detail/vocabulary_json.hpp>

namespace mao::detail {

MAO_INLINE std::int64_t config_number(const std::filesystem::path& file, const char* key, std::int64_t otherwise) {
  if (!std::filesystem::exists(file)) return otherwise;
  const auto config = read_json(file);
  const bool given = config.is_object() && config.contains(key) && config[key].is_number_integer();
  return given ? config[key].get<std::int64_t>() : otherwise;
}

MAO_INLINE void BertEncoder::read(const WeightReader& reader) {
  words_ = reader.read("embeddings.word_embeddings.weight", {-1, -1});
  positions_ = reader.read("embeddings.position_embeddings.weight", {-1, width()}) +
               reader.read("embeddings.token_type_embeddings.weight", {-1, width()})[0];
  norm_ = read_norm(reader, "embeddings.LayerNorm", width());
  const auto prefix = [](std::size_t i) { return text_of("encoder.layer.", i, "."); };
  while (reader.contains(prefix(layers_.size()) + "attention.self.query.weight")) {
    layers_.push_back(read_bert_layer(reader, prefix(layers_.size()), width(), precision_));
  }
  require<FormatError>(!layers_.empty(), reader.where(), ": the weights hold no encoder.layer.0; ",
                       "expected a BERT model as sentence-transformers saves it");
}

MAO_INLINE BertEncoder::BertEncoder(const WeightReader& reader, const std::filesystem::path& folder,
                                    Precision precision)
    : precision_(precision) {
  read(reader);
  heads_ = config_number(folder / "config.json", "num_attention_heads", std::max<std::int64_t>(width() / 32, 1));
  require<FormatError>(heads_ > 0 && width() % heads_ == 0, "'", (folder / "config.json").string(), "': ", heads_,
                       " attention heads cannot share a width of ", width());
  fuse();
}

MAO_INLINE BertEncoder::BertEncoder(const WeightReader& reader, std::int64_t heads, Precision precision)
    : precision_(precision), heads_(heads) {
  read(reader);
  require<FormatError>(heads_ > 0 && width() % heads_ == 0, reader.where(), ": ", heads_,
                       " attention heads cannot share a width of ", width());
  fuse();
}

MAO_INLINE Tensor BertEncoder::positions(std::int64_t length) const {
  require<ShapeError>(length <= most_positions(), "a row of ", length, " tokens, but the model has only ",
                      most_positions(), " positions; cut the text, WordPiece::encode(text, max_length) does");
  return positions_.narrow(0, 0, length);
}

MAO_INLINE Tensor BertEncoder::forward(const Tensor& embeddings, const TokenLayout& layout) const {
  Tensor tokens = apply_norm(embeddings, norm_);
#if MAO_HAS_AVX512_KERNELS
  const bool packed = !layout.offsets.empty() && width() / heads_ % 16 == 0;
  if (packed && tokens.is_cpu() && tokens.scalar_type() == at::kFloat &&
      instruction_set() >= InstructionSet::Avx512) {
    return run_fused_bert(fused_, tokens, layout.offsets, heads_);
  }
#endif
  for (const BertLayer& layer : layers_) tokens = bert_layer(tokens, layer, layout, heads_);
  return tokens;
}

MAO_INLINE BertEncoder BertEncoder::to(at::Device device) const {
  BertEncoder moved = *this;
  std::vector<Tensor*> tensors{&moved.words_, &moved.positions_, &moved.norm_.weight, &moved.norm_.bias};
  for (BertLayer& layer : moved.layers_) {
    for (Affine* part :
         {&layer.query_key_value, &layer.attention_out, &layer.attention_norm, &layer.up, &layer.down, &layer.norm}) {
      tensors.insert(tensors.end(), {&part->weight, &part->bias});
    }
  }
  for (Tensor* tensor : tensors) *tensor = tensor->to(device);
  moved.fuse();
  return moved;
}

MAO_INLINE void BertEncoder::fuse() {
#if MAO_HAS_AVX512_KERNELS
  auto fused = std::make_shared<std::vector<FusedBertLayer>>();
  for (const BertLayer& layer : layers_) fused->emplace_back(layer, precision_);
  fused_ = std::move(fused);
#endif
}

}  // namespace mao::detail
