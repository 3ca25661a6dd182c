// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sentence embeddings by all-MiniLM-L6-v2 (or another BERT model saved the same way): how alike two texts are.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <Eigen/Core>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/detail/ops.hpp>
#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/text/detail/bert_encoder.hpp>
#include <mao/text/token_layout.hpp>
#include <mao/text/vocabulary.hpp>
#include <mao/text/word_piece.hpp>

namespace mao {

/// A frozen sentence encoder: mean of the last hidden states, at unit length. Safe to use from several threads at once.
///
/// **Source** all-MiniLM-L6-v2 of sentence-transformers: BERT, mean pooling over the mask, L2 normalisation.
class MiniLm {
 public:
  /// Reads the model in `folder` (empty: wherever find_mini_lm() finds it). All sizes come from the weights; the heads
  /// from config.json, else one for 32 features. `precision` is that of the matrix products.
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
  MiniLm to(at::Device device) const {
    MiniLm moved = *this;
    moved.encoder_ = encoder_.to(device);
    return moved;
  }

  /// Word embeddings of token ids, nothing added. **Shapes** ids [...] -> [..., W]
  Tensor embed(const Tensor& ids) const { return at::embedding(encoder_.words(), ids.to(device())); }

  /// Unit rows from word embeddings; positions and token types are added here. Differentiable in `embeddings`.
  ///
  /// **Shapes** embeddings [N, L, W], mask [N, L] bool -> [N, W]. **Throws** ShapeError, also for L beyond the
  /// positions.
  Tensor encode_embeddings(const Tensor& embeddings, const Tensor& mask) const;

  /// The same for tokens that stand packed, one row after another; row r is offsets[r] up to offsets[r + 1]. Only
  /// attention is padded, so it costs less when lengths differ.
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

inline MiniLm::MiniLm(const std::filesystem::path& folder, Precision precision)
    : tokenizer_(WordPiece::load(folder)), encoder_(read_encoder(folder, precision)) {
  const std::int64_t known = encoder_.words().size(0);
  require<FormatError>(known >= tokenizer_.size(), "'", folder.string(), "': ", tokenizer_.size(),
                       " tokens, but embeddings for only ", known, "; files of two models are mixed");
  max_length_ = detail::config_number(folder / "sentence_bert_config.json", "max_seq_length", 256);
  max_length_ = std::clamp<std::int64_t>(max_length_, 2, encoder_.most_positions());
}

inline detail::BertEncoder MiniLm::read_encoder(const std::filesystem::path& folder, Precision precision) {
  const auto file = folder / "model.safetensors";
  const TensorFile weights = read_safetensors(file);
  return {detail::WeightReader(weights.tensors, "'" + file.string() + "'"), folder, precision};
}

inline Tensor MiniLm::encode_embeddings(const Tensor& embeddings, const Tensor& mask) const {
  expect_shape(embeddings, {-1, -1, width()}, "MiniLm::encode_embeddings: embeddings");
  const std::int64_t rows = embeddings.size(0), length = embeddings.size(1);
  expect_shape(mask, {rows, length}, "MiniLm::encode_embeddings: mask");
  detail::TokenLayout layout;
  layout.rows = rows;
  layout.length = length;
  layout.mask = mask.to(device(), at::kBool);
  require<ShapeError>(layout.mask.any(1).all().item<bool>(), "MiniLm::encode_embeddings: a row of the mask is empty");
  const Tensor start = (embeddings + encoder_.positions(length)).reshape({rows * length, width()});
  const Tensor hidden = encoder_.forward(start, layout).view({rows, length, width()});
  const Tensor weight = layout.mask.unsqueeze(-1).to(at::kFloat);
  return unit_rows((hidden * weight).sum(1) / weight.sum(1));
}

inline Tensor MiniLm::encode_packed(const Tensor& embeddings, at::IntArrayRef offsets) const {
  expect_shape(embeddings, {-1, width()}, "MiniLm::encode_packed: embeddings");
  detail::check_offsets(offsets, embeddings.size(0));
  const detail::TokenLayout layout = detail::packed_layout(offsets, device());
  const Tensor start = embeddings + encoder_.positions(layout.length).index_select(0, layout.positions);
  const Tensor hidden = encoder_.forward(start, layout);
  const Tensor sum = at::zeros({layout.rows, width()}, hidden.options()).index_add(0, layout.row_of, hidden);
  return unit_rows(sum / layout.mask.sum(1, true));
}

inline Tensor MiniLm::encode_rows(std::span<const WordPiece::Ids> rows) const {
  std::vector<std::int64_t> offsets{0}, packed;
  for (const WordPiece::Ids& ids : rows) {
    packed.insert(packed.end(), ids.begin(), ids.end());
    offsets.push_back(static_cast<std::int64_t>(packed.size()));
  }
  return encode_packed(embed(at::tensor(packed, at::kLong)), offsets);
}

inline Tensor MiniLm::encode(const std::vector<std::string>& texts) const {
  constexpr std::size_t chunk = 64;
  const at::NoGradGuard no_gradients;
  std::vector<WordPiece::Ids> rows;
  for (const std::string& text : texts) rows.push_back(tokenizer_.encode(text, max_length_));
  std::vector<std::int64_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&](std::int64_t i) { return rows[static_cast<std::size_t>(i)].size(); };
  std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return length(i) < length(j); });
  std::vector<WordPiece::Ids> sorted;
  for (const std::int64_t i : order) sorted.push_back(std::move(rows[static_cast<std::size_t>(i)]));
  Tensor encoded = at::zeros({static_cast<std::int64_t>(texts.size()), width()}, encoder_.words().options());
  for (std::size_t begin = 0; begin < sorted.size(); begin += chunk) {
    const std::size_t count = std::min(chunk, sorted.size() - begin);
    const auto part = std::span<const WordPiece::Ids>(sorted).subspan(begin, count);
    const Tensor target = at::tensor(at::IntArrayRef(order.data() + begin, count), at::kLong).to(device());
    encoded.index_copy_(0, target, encode_rows(part));
  }
  return encoded;
}

inline Eigen::MatrixXf MiniLm::operator()(const std::vector<std::string>& queries,
                                          const std::vector<std::string>& candidates) const {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Tensor left = encode(queries).cpu(), right = encode(candidates).cpu();
  const Eigen::Map<const RowMajor> q(left.const_data_ptr<float>(), left.size(0), width());
  const Eigen::Map<const RowMajor> c(right.const_data_ptr<float>(), right.size(0), width());
  return q * c.transpose();
}

}  // namespace mao
