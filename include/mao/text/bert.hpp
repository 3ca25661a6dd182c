// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// BERT's encoder with frozen weights: token embeddings in, hidden states out, differentiable in the embeddings only.

#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>

#include <cstdint>
#include <string>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/text/token_layout.hpp>

namespace mao::detail {

/// Weights by name, those whose names begin with `prefix`; each must exist and have the expected shape.
class WeightReader {
 public:
  WeightReader(const TensorMap& tensors, std::string where, std::string prefix = {})
      : tensors_(tensors), where_(std::move(where)), prefix_(std::move(prefix)) {}

  /// A float copy without gradient. **Throws** FormatError if it is missing or not finite, ShapeError if it has another
  /// shape.
  Tensor read(const std::string& name, at::IntArrayRef shape) const;
  bool contains(const std::string& name) const { return tensors_.count(prefix_ + name) > 0; }
  const std::string& where() const { return where_; }

 private:
  const TensorMap& tensors_;
  std::string where_, prefix_;
};

struct Affine {
  Tensor weight;
  Tensor bias;
};

inline Affine read_norm(const WeightReader& reader, const std::string& name, std::int64_t width) {
  return {reader.read(name + ".weight", {width}), reader.read(name + ".bias", {width})};
}

/// With bf16, the weights and biases of the four products are bf16; everything else is fp32.
struct BertLayer {
  Affine query_key_value;  ///< the three projections as one [3 W, W]
  Affine attention_out;
  Affine attention_norm;
  Affine up;
  Affine down;
  Affine norm;
};

BertLayer read_bert_layer(const WeightReader& reader, const std::string& prefix, std::int64_t width,
                          Precision precision = Precision::Fp32);

/// Computed in the type of the weights, returned in the type of `rows`.
inline Tensor apply_linear(const Tensor& rows, const Affine& affine) {
  return at::linear(rows.to(affine.weight.scalar_type()), affine.weight, affine.bias).to(rows.scalar_type());
}

inline constexpr double bert_norm_epsilon = 1e-12;

inline Tensor apply_norm(const Tensor& rows, const Affine& affine) {
  return at::layer_norm(rows, {rows.size(-1)}, affine.weight, affine.bias, bert_norm_epsilon);
}

/// Attention among the tokens of each row. Packed tokens are padded only here.
Tensor attention(const Tensor& tokens, const BertLayer& layer, const TokenLayout& layout, std::int64_t heads);

/// One layer, normalised after each addition. **Shapes** tokens [T, W], or [N*L, W] for a padded layout.
Tensor bert_layer(const Tensor& tokens, const BertLayer& layer, const TokenLayout& layout, std::int64_t heads);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/impl/bert.ipp>
#endif
