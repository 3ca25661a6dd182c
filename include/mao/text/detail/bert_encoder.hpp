// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// All layers of a frozen BERT between word embeddings and hidden states.

#include <cstdint>
#include <filesystem>
#include <vector>

#include <mao/core/instruction_set.hpp>
#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/text/bert.hpp>
#include <mao/text/detail/fused_bert.hpp>
#include <mao/text/token_layout.hpp>

namespace mao::detail {

/// A whole number in a JSON file of a model's folder, or `otherwise` when file or key is absent.
std::int64_t config_number(const std::filesystem::path& file, const char* key, std::int64_t otherwise);

class BertEncoder {
 public:
  /// All sizes come from the weights; the heads from config.json beside them, else one for 32 features.
  BertEncoder(const WeightReader& reader, const std::filesystem::path& folder, Precision precision = Precision::Fp32);
  /// The same with that many heads. **Throws** FormatError when they do not divide the width.
  BertEncoder(const WeightReader& reader, std::int64_t heads, Precision precision);

  const Tensor& words() const { return words_; }  ///< [vocabulary, W]
  std::int64_t width() const { return words_.size(1); }
  Precision precision() const { return precision_; }
  std::int64_t most_positions() const { return positions_.size(0); }

  /// What is added to the word embeddings of a row, token type included. **Shapes** [length, W]
  Tensor positions(std::int64_t length) const;

  /// Hidden states of the last layer. **Shapes** embeddings [T, W] with positions added -> [T, W]
  Tensor forward(const Tensor& embeddings, const TokenLayout& layout) const;

  BertEncoder to(at::Device device) const;

 private:
  void read(const WeightReader& reader);
  void fuse();

  Precision precision_;
  Tensor words_;
  Tensor positions_;  ///< positions and the first token type, added once: [positions, W]
  Affine norm_;
  std::vector<BertLayer> layers_;
  std::int64_t heads_ = 0;
#if MAO_HAS_AVX512_KERNELS
  FusedBertPass::Layers fused_;  ///< shared by copies
#endif
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/bert_encoder.ipp>
#endif
