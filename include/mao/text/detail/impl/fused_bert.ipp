// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/fused_bert.hpp>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS
#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/own_gradient.hpp>
#endif

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE RowsInBoth FusedNorm::forward(const Tensor& x, const Tensor& delta, Kept& kept) const {
  const std::int64_t width = x.size(1);
  const Tensor exact = at::empty_like(x);
  kept = {add_rows(x, {delta, {}}), at::empty({x.size(0), 2}, at::kFloat)};
  const float *from = kept.sum.const_data_ptr<float>(), *weight = affine_.weight.const_data_ptr<float>(),
              *bias = affine_.bias.const_data_ptr<float>();
  auto* to = exact.mutable_data_ptr<float>();
  auto* moments = reinterpret_cast<rows::Moments*>(kept.moments.mutable_data_ptr<float>());
  rows::in_parallel(x.size(0), width, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      moments[i] = rows::layer_norm(from + i * width, weight, bias, to + i * width, width,
                                    static_cast<float>(bert_norm_epsilon));
    }
  });
  return {exact, exact.to(delta.scalar_type())};
}

MAO_INLINE RowsInBoth FusedNorm::backward(const Tensor& gradient, const Tensor& more, at::ScalarType type,
                                          const Kept& kept) const {
  const Tensor arrived = more.defined() ? add_rows(gradient, {more, {}}) : gradient;
  const std::int64_t width = arrived.size(1);
  const Tensor exact = at::zeros_like(kept.sum);
  const RowsInBoth back{exact, type == at::kFloat ? exact : at::empty(exact.sizes(), type)};
  with_product_type(type, [&]<class Type>(Type) {
    const auto *from = arrived.const_data_ptr<float>(), *sum = kept.sum.const_data_ptr<float>(),
               *weight = affine_.weight.const_data_ptr<float>();
    auto* to = back.exact.mutable_data_ptr<float>();
    auto* copy = back.copy.mutable_data_ptr<Type>();
    const auto* moments = reinterpret_cast<const rows::Moments*>(kept.moments.const_data_ptr<float>());
    rows::in_parallel(arrived.size(0), width, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t at = i * width;
        rows::layer_norm_backward(from + at, sum + at, weight, moments[i], to + at, copy + at, width);
      }
    });
  });
  return back;
}

MAO_INLINE FusedBertLayer::FusedBertLayer(const BertLayer& layer, Precision precision)
    : type_(FrozenLinear::type_of(precision)),
      query_key_value_(layer.query_key_value.weight, layer.query_key_value.bias, precision),
      attention_out_(layer.attention_out.weight, layer.attention_out.bias, precision),
      up_(layer.up.weight, layer.up.bias, precision),
      down_(layer.down.weight, layer.down.bias, precision),
      attention_norm_(layer.attention_norm),
      norm_(layer.norm) {}

MAO_INLINE RowsInBoth FusedBertLayer::forward(const RowsInBoth& x, const PackedBertAttention& attention, bool keep,
                                              Kept& kept) const {
  kept.qkv = query_key_value_.forward(x.copy);
  const Tensor mixed = attention_out_.forward(attention.forward(kept.qkv, kept.weights));
  const RowsInBoth attended = attention_norm_.forward(x.exact, mixed, kept.attended);
  kept.slope = up_.forward(attended.copy);
  const Tensor hidden = gelu_rows({kept.slope, {}}, keep);
  return norm_.forward(attended.exact, down_.forward(hidden), kept.result);
}

MAO_INLINE std::pair<Tensor, Tensor> FusedBertLayer::backward(const std::pair<Tensor, Tensor>& gradient,
                                                              const PackedBertAttention& attention,
                                                              const Kept& kept) const {
  const RowsInBoth of_result = norm_.backward(gradient.first, gradient.second, type_, kept.result);
  const Tensor of_hidden = down_.backward(of_result.copy);
  multiply_rows(kept.slope, of_hidden);
  const RowsInBoth of_attended =
      attention_norm_.backward(of_result.exact, up_.backward(of_hidden), type_, kept.attended);
  const Tensor of_mixed = attention_out_.backward(of_attended.copy);
  const Tensor of_qkv = attention.backward(kept.qkv, kept.weights, of_mixed);
  return {of_attended.exact, query_key_value_.backward(of_qkv)};
}

MAO_INLINE Tensor FusedBertPass::forward(const Tensor& tokens, bool keep) {
  RowsInBoth rows{tokens, tokens.to(layers_->front().type())};
  for (const FusedBertLayer& layer : *layers_) {
    FusedBertLayer::Kept kept;
    rows = layer.forward(rows, attention_, keep, kept);
    if (keep) kept_.push_back(std::move(kept));
  }
  return rows.exact;
}

MAO_INLINE Tensor FusedBertPass::backward(const Tensor& gradient) const {
  std::pair<Tensor, Tensor> parts{gradient, Tensor()};
  for (std::size_t i = layers_->size(); i-- > 0;) parts = (*layers_)[i].backward(parts, attention_, kept_[i]);
  return parts.first + parts.second;
}

MAO_INLINE std::vector<std::size_t> cut_rows(const std::vector<std::int64_t>& offsets, std::int64_t tokens) {
  const std::int64_t parts = std::max<std::int64_t>(1, (offsets.back() + tokens / 2) / tokens);
  std::vector<std::size_t> cuts{0};
  for (std::int64_t part = 1; part <= parts; ++part) {
    const auto end = std::lower_bound(offsets.begin(), offsets.end(), offsets.back() * part / parts) - offsets.begin();
    if (static_cast<std::size_t>(end) > cuts.back()) cuts.push_back(static_cast<std::size_t>(end));
  }
  return cuts;
}

MAO_INLINE Tensor run_fused_bert(const FusedBertPass::Layers& layers, const Tensor& tokens,
                                 const std::vector<std::int64_t>& offsets, std::int64_t heads) {
  constexpr std::int64_t usual_tokens = 512;
  const bool differentiated = is_differentiated(tokens);
  const auto passes = std::make_shared<std::vector<FusedBertPass>>();
  std::vector<Tensor> hidden;
  std::vector<std::int64_t> sizes;
  const std::vector<std::size_t> cuts = cut_rows(offsets, usual_tokens * at::get_num_threads());
  {
    const at::NoGradGuard own;
    const Tensor source = tokens.contiguous();
    for (std::size_t part = 1; part < cuts.size(); ++part) {
      const std::int64_t begin = offsets[cuts[part - 1]], end = offsets[cuts[part]];
      std::vector<std::int64_t> own_offsets(offsets.begin() + static_cast<std::ptrdiff_t>(cuts[part - 1]),
                                            offsets.begin() + static_cast<std::ptrdiff_t>(cuts[part]) + 1);
      for (std::int64_t& offset : own_offsets) offset -= begin;
      FusedBertPass pass(layers, PackedBertAttention(std::move(own_offsets), heads, tokens.size(1)));
      hidden.push_back(pass.forward(source.narrow(0, begin, end - begin), differentiated));
      sizes.push_back(end - begin);
      if (differentiated) passes->push_back(std::move(pass));
    }
  }
  const Tensor value = hidden.size() == 1 ? hidden.front() : at::cat(hidden);
  if (!differentiated) return value;
  return own_gradient(value, {tokens}, [passes, sizes](const Tensor& gradient) -> std::vector<Tensor> {
    const at::NoGradGuard own;
    const std::vector<Tensor> arrived = gradient.contiguous().split_with_sizes(sizes);
    std::vector<Tensor> back;
    for (std::size_t part = 0; part < sizes.size(); ++part) back.push_back((*passes)[part].backward(arrived[part]));
    return {at::cat(back)};
  });
}

}  // namespace mao::detail

#endif
