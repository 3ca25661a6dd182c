// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// BERT's encoder with frozen weights: token embeddings in, hidden states out, differentiable in the embeddings only.

#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <cstdint>
#include <string>
#include <vector>

#include <mao/core/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/text/token_layout.hpp>

namespace mao::detail {

/// Weights by name, each of which must be there with the expected shape.
class WeightReader {
 public:
  WeightReader(const TensorMap& tensors, std::string where) : tensors_(tensors), where_(std::move(where)) {}

  /// A float copy that tracks nothing. **Throws** FormatError when it is missing or not finite, ShapeError when its shape
  /// is another.
  Tensor read(const std::string& name, at::IntArrayRef shape) const {
    const auto found = tensors_.find(name);
    require<FormatError>(found != tensors_.end(), where_, " lacks the weight '", name,
                         "': expected a BERT model as sentence-transformers saves it");
    expect_shape(found->second, shape, where_ + ", weight '" + name + "'");
    const Tensor value = found->second.detach().to(at::kFloat).contiguous();
    expect_finite(value, name, where_);
    return value;
  }
  bool contains(const std::string& name) const { return tensors_.count(name) > 0; }

 private:
  const TensorMap& tensors_;
  std::string where_;
};

struct Affine {
  Tensor weight;
  Tensor bias;
};

inline Affine read_linear(const WeightReader& reader, const std::string& name, std::int64_t out, std::int64_t in) {
  return {reader.read(name + ".weight", {out, in}), reader.read(name + ".bias", {out})};
}

inline Affine read_norm(const WeightReader& reader, const std::string& name, std::int64_t width) {
  return {reader.read(name + ".weight", {width}), reader.read(name + ".bias", {width})};
}

/// In bf16 the weights and biases of the four products are bf16, all else is fp32.
struct BertLayer {
  Affine query_key_value;  ///< the three projections as one [3 W, W]
  Affine attention_out;
  Affine attention_norm;
  Affine up;
  Affine down;
  Affine norm;
};

inline BertLayer read_bert_layer(const WeightReader& reader, const std::string& prefix, std::int64_t width,
                                 Precision precision = Precision::Fp32) {
  const auto product = [&](const Affine& affine) {
    const auto type = precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat;
    return Affine{affine.weight.to(type), affine.bias.to(type)};
  };
  const auto part = [&](const char* name) { return read_linear(reader, prefix + name, width, width); };
  const Affine query = part("attention.self.query"), key = part("attention.self.key"),
               value = part("attention.self.value");
  const std::int64_t wide = reader.read(prefix + "intermediate.dense.bias", {-1}).size(0);
  return {product({at::cat({query.weight, key.weight, value.weight}), at::cat({query.bias, key.bias, value.bias})}),
          product(part("attention.output.dense")),
          read_norm(reader, prefix + "attention.output.LayerNorm", width),
          product(read_linear(reader, prefix + "intermediate.dense", wide, width)),
          product(read_linear(reader, prefix + "output.dense", width, wide)),
          read_norm(reader, prefix + "output.LayerNorm", width)};
}

/// In the type of the weights, given back as that of `rows`.
inline Tensor apply_linear(const Tensor& rows, const Affine& affine) {
  return at::linear(rows.to(affine.weight.scalar_type()), affine.weight, affine.bias).to(rows.scalar_type());
}

inline constexpr double bert_norm_epsilon = 1e-12;

inline Tensor apply_norm(const Tensor& rows, const Affine& affine) {
  return at::layer_norm(rows, {rows.size(-1)}, affine.weight, affine.bias, bert_norm_epsilon);
}

/// Attention among the tokens of each row; only here are packed tokens spread into the rectangle.
inline Tensor attention(const Tensor& tokens, const BertLayer& layer, const TokenLayout& layout, std::int64_t heads) {
  const std::int64_t width = tokens.size(-1);
  Tensor joined = apply_linear(tokens, layer.query_key_value);
  if (layout.slots.defined()) joined = joined.index_select(0, layout.slots);
  const auto parts =
      joined.view({layout.rows, layout.length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
  const Tensor mask = layout.mask.view({layout.rows, 1, 1, layout.length});
  Tensor mixed = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], mask);
  mixed = mixed.transpose(1, 2).reshape({layout.rows * layout.length, width});
  if (layout.places.defined()) mixed = mixed.index_select(0, layout.places);
  return apply_linear(mixed, layer.attention_out);
}

/// One layer, normalised after each addition. **Shapes** tokens [T, W], or [N*L, W] for a padded layout.
inline Tensor bert_layer(const Tensor& tokens, const BertLayer& layer, const TokenLayout& layout, std::int64_t heads) {
  const Tensor attended = apply_norm(tokens + attention(tokens, layer, layout, heads), layer.attention_norm);
  const Tensor widened = at::gelu(apply_linear(attended, layer.up));
  return apply_norm(attended + apply_linear(widened, layer.down), layer.norm);
}

}  // namespace mao::detail
