// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/mini_lm.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <Eigen/Core>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/text/token_layout.hpp>

namespace mao {

MAO_INLINE MiniLm MiniLm::to(at::Device device) const {
  MiniLm moved = *this;
  moved.encoder_ = encoder_.to(device);
  return moved;
}

MAO_INLINE MiniLm::MiniLm(const std::filesystem::path& folder, Precision precision)
    : tokenizer_(WordPiece::load(folder)), encoder_(read_encoder(folder, precision)) {
  const std::int64_t known = encoder_.words().size(0);
  require<FormatError>(known >= tokenizer_.size(), "'", folder.string(), "': ", tokenizer_.size(),
                       " tokens, but embeddings for only ", known, "; files of two models are mixed");
  max_length_ = detail::config_number(folder / "sentence_bert_config.json", "max_seq_length", 256);
  max_length_ = std::clamp<std::int64_t>(max_length_, 2, encoder_.most_positions());
}

MAO_INLINE detail::BertEncoder MiniLm::read_encoder(const std::filesystem::path& folder, Precision precision) {
  const auto file = folder / "model.safetensors";
  const TensorFile weights = read_safetensors(file);
  return {detail::WeightReader(weights.tensors, "'" + file.string() + "'"), folder, precision};
}

MAO_INLINE Tensor MiniLm::encode_embeddings(const Tensor& embeddings, const Tensor& mask) const {
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

MAO_INLINE Tensor MiniLm::encode_packed(const Tensor& embeddings, at::IntArrayRef offsets) const {
  expect_shape(embeddings, {-1, width()}, "MiniLm::encode_packed: embeddings");
  detail::check_offsets(offsets, embeddings.size(0));
  const detail::TokenLayout layout = detail::packed_layout(offsets, device());
  const Tensor start = embeddings + encoder_.positions(layout.length).index_select(0, layout.positions);
  const Tensor hidden = encoder_.forward(start, layout);
  const Tensor sum = at::zeros({layout.rows, width()}, hidden.options()).index_add(0, layout.row_of, hidden);
  return unit_rows(sum / layout.mask.sum(1, true));
}

MAO_INLINE Tensor MiniLm::encode_rows(std::span<const WordPiece::Ids> rows) const {
  std::vector<std::int64_t> offsets{0}, packed;
  for (const WordPiece::Ids& ids : rows) {
    packed.insert(packed.end(), ids.begin(), ids.end());
    offsets.push_back(static_cast<std::int64_t>(packed.size()));
  }
  return encode_packed(embed(at::tensor(packed, at::kLong)), offsets);
}

MAO_INLINE Tensor MiniLm::encode(const std::vector<std::string>& texts) const {
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

MAO_INLINE Eigen::MatrixXf MiniLm::operator()(const std::vector<std::string>& queries,
                                              const std::vector<std::string>& candidates) const {
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Tensor left = encode(queries).cpu(), right = encode(candidates).cpu();
  const Eigen::Map<const RowMajor> q(left.const_data_ptr<float>(), left.size(0), width());
  const Eigen::Map<const RowMajor> c(right.const_data_ptr<float>(), right.size(0), width());
  return q * c.transpose();
}

}  // namespace mao
