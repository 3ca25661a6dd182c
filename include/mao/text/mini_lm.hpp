// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sentence embeddings by all-MiniLM-L6-v2 (or another BERT model saved the same way), to compare texts.

#include <ATen/ops/embedding.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <mao/core/detail/ops.hpp>
#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/text/detail/bert_encoder.hpp>
#include <mao/text/vocabulary.hpp>
#include <mao/text/word_piece.hpp>

namespace mao {

/// A frozen sentence encoder: the mean of the last hidden states, with unit length. Safe to use from several threads.
///
/// **Source** all-MiniLM-L6-v2 of sentence-transformers: BERT, mean pooling over the mask, L2 normalisation.
class MiniLm {
 public:
  /// Reads the model in `folder` (empty: the one that find_mini_lm() finds). Sizes come from the weights; the number of
  /// heads from config.json, otherwise one per 32 features. `precision` is that of the matrix products.
  ///
  /// **Throws** FileError, FormatError or ShapeError, with the file and the weight.
  static MiniLm load(const std::filesystem::path& folder = {}, Precision precision = Precision::Fp32) {
    return MiniLm(find_mini_lm(folder), precision);
  }

  const WordPiece& tokenizer() const { return tokenizer_; }
  std::int64_t width() const { return encoder_.width(); }
  std::int64_t max_length() const { return max_length_; }
  Precision precision() const { return encoder_.precision(); }
  at::Device device() const { return encoder_.words().device(); }

  /// The same model with its weights on `device`.
  MiniLm to(at::Device device) const;

  /// Word embeddings of token ids, nothing added. **Shapes** ids [...] -> [..., W]
  Tensor embed(const Tensor& ids) const { return at::embedding(encoder_.words(), ids.to(device())); }

  /// Unit rows from word embeddings; positions and token types are added here. Differentiable in `embeddings`.
  ///
  /// **Shapes** embeddings [N, L, W], mask [N, L] bool -> [N, W]. **Throws** ShapeError, also for L beyond the
  /// positions.
  Tensor encode_embeddings(const Tensor& embeddings, const Tensor& mask) const;

  /// The same for packed tokens, one row after another; row r is offsets[r] up to offsets[r + 1]. Only attention is
  /// padded, so this is faster if lengths differ.
  ///
  /// **Shapes** embeddings [T, W], offsets N + 1 values from 0 to T -> [N, W]. **Throws** ShapeError.
  Tensor encode_packed(const Tensor& embeddings, at::IntArrayRef offsets) const;

  /// Unit rows of texts, without gradients, in the order given. **Shapes** N texts -> [N, W]
  Tensor encode(const std::vector<std::string>& texts) const;

  /// Cosines of every query with every candidate, [Q, C].
  Eigen::MatrixXf operator()(const std::vector<std::string>& queries, const std::vector<std::string>& candidates) const;

 private:
  MiniLm(const std::filesystem::path& folder, Precision precision);
  void read_config(const std::filesystem::path& folder);
  static Tensor unit_rows(const Tensor& rows) { return rows / rows.norm(2, {1}, true).clamp_min(1e-12); }
  static detail::BertEncoder read_encoder(const std::filesystem::path& folder, Precision precision);
  Tensor encode_rows(std::span<const WordPiece::Ids> rows) const;

  WordPiece tokenizer_;
  detail::BertEncoder encoder_;
  std::int64_t max_length_ = 0;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/mini_lm.ipp>
#endif
