// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/bert.hpp>

#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <mao/config.hpp>
#include <mao/core/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE Tensor WeightReader::read(const std::string& name, at::IntArrayRef shape) const {
  const auto found = tensors_.find(prefix_ + name);
  require<FormatError>(found != tensors_.end(), where_, " lacks the weight '", prefix_ + name,
                       "': expected a BERT model as sentence-transformers saves it");
  expect_shape(found->second, shape, where_ + ", weight '" + name + "'");
  const Tensor value = found->second.detach().to(at::kFloat).contiguous();
  expect_finite(value, name, where_);
  return value;
}

MAO_INLINE Affine read_linear(const WeightReader& reader, const std::string& name, std::int64_t out, std::int64_t in) {
  return {reader.read(name + ".weight", {out, in}), reader.read(name + ".bias", {out})};
}

MAO_INLINE BertLayer read_bert_layer(const WeightReader& reader, const std::string& prefix, std::int64_t width,
                                     Precision precision) {
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

MAO_INLINE Tensor attention(const Tensor& tokens, const BertLayer& layer, const TokenLayout& layout,
                            std::int64_t heads) {
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

MAO_INLINE Tensor bert_layer(const Tensor& tokens, const BertLayer& layer, const TokenLayout& layout,
                             std::int64_t heads) {
  const Tensor attended = apply_norm(tokens + attention(tokens, layer, layout, heads), layer.attention_norm);
  const Tensor widened = at::gelu(apply_linear(attended, layer.up));
  return apply_norm(attended + apply_linear(widened, layer.down), layer.norm);
}

}  // namespace mao::detail
