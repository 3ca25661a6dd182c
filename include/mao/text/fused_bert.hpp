// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The layers of a frozen BERT over packed tokens as the CPU computes them fastest: packed weights, a few rows at a
/// time, and a way back for activations alone. `bert_layer` (bert.hpp) is the same in formulas.

#include <mao/text/bert_attention.hpp>

#if MAO_HAS_AVX512_KERNELS

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <mao/core/frozen_linear.hpp>
#include <mao/core/ops.hpp>
#include <mao/core/own_gradient.hpp>
#include <mao/text/bert.hpp>
#include <mao/text/bert_rows.hpp>

namespace mao::detail {

/// Rows in fp32, and in the type of the matrix products (the same tensor in fp32).
struct BertRows {
  Tensor exact, copy;  // [T, W]
};

/// Calls `work(first, last)` for parts of `count` rows of `width` numbers.
template <class Work>
void in_row_parts(std::int64_t count, std::int64_t width, const Work& work) {
  at::parallel_for(0, count, std::max<std::int64_t>(1, 32768 / width), work);
}

/// The layer norm of a residual sum.
class FusedNorm {
 public:
  struct Kept {
    Tensor sum, moments;  // [T, W], [T, 2]
  };

  explicit FusedNorm(const Affine& affine) : affine_(affine) {}

  /// **Shapes** x [T, W] fp32, delta [T, W].
  BertRows forward(const Tensor& x, const Tensor& delta, Kept& kept) const {
    const std::int64_t width = x.size(1);
    const Tensor exact = at::empty_like(x);
    const BertRows out{exact, delta.scalar_type() == at::kFloat ? exact : at::empty_like(delta)};
    kept = {at::empty_like(x), at::empty({x.size(0), 2}, at::kFloat)};
    with_row_type(delta.scalar_type(), [&]<class Type>(Type) {
      const auto *from = x.const_data_ptr<float>(), *weight = affine_.weight.const_data_ptr<float>(),
                 *bias = affine_.bias.const_data_ptr<float>();
      const auto* more = delta.const_data_ptr<Type>();
      auto *sum = kept.sum.mutable_data_ptr<float>(), *to = out.exact.mutable_data_ptr<float>();
      auto* copy = out.copy.mutable_data_ptr<Type>();
      auto* moments = reinterpret_cast<RowMoments*>(kept.moments.mutable_data_ptr<float>());
      in_row_parts(x.size(0), width, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
          const std::int64_t at = row * width;
          moments[row] = add_norm_row(from + at, more + at, weight, bias, static_cast<float>(bert_norm_epsilon),
                                      sum + at, to + at, copy + at, width);
        }
      });
    });
    return out;
  }

  /// From `gradient` [T, W] fp32 + `more` [T, W], or undefined, to the gradient of x and of delta, the same.
  BertRows backward(const Tensor& gradient, const Tensor& more, at::ScalarType type, const Kept& kept) const {
    const std::int64_t width = gradient.size(1);
    const Tensor exact = at::empty_like(kept.sum);
    const BertRows back{exact, type == at::kFloat ? exact : at::empty(gradient.sizes(), type)};
    with_row_type(type, [&]<class Type>(Type) {
      const auto *from = gradient.const_data_ptr<float>(), *sum = kept.sum.const_data_ptr<float>(),
                 *weight = affine_.weight.const_data_ptr<float>();
      const Type* added = more.defined() ? more.const_data_ptr<Type>() : nullptr;
      auto* to = back.exact.mutable_data_ptr<float>();
      auto* copy = back.copy.mutable_data_ptr<Type>();
      const auto* moments = reinterpret_cast<const RowMoments*>(kept.moments.const_data_ptr<float>());
      in_row_parts(gradient.size(0), width, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
          const std::int64_t at = row * width;
          norm_backward_row(from + at, added ? added + at : nullptr, sum + at, weight, moments[row], to + at, copy + at,
                            width);
        }
      });
    });
    return back;
  }

 private:
  Affine affine_;
};

/// GELU of `hidden`, in whose place its slope is left.
inline Tensor gelu_and_slope(const Tensor& hidden) {
  const Tensor out = at::empty_like(hidden);
  with_row_type(hidden.scalar_type(), [&]<class Type>(Type) {
    auto *from = hidden.mutable_data_ptr<Type>(), *to = out.mutable_data_ptr<Type>();
    const std::int64_t width = hidden.size(1);
    in_row_parts(hidden.size(0), width, [&](std::int64_t first, std::int64_t last) {
      gelu_rows(from + first * width, to + first * width, (last - first) * width);
    });
  });
  return out;
}

/// gradient *= slope
inline void multiply_by_slope(const Tensor& gradient, const Tensor& slope) {
  with_row_type(slope.scalar_type(), [&]<class Type>(Type) {
    auto* to = gradient.mutable_data_ptr<Type>();
    const auto* from = slope.const_data_ptr<Type>();
    const std::int64_t width = slope.size(1);
    in_row_parts(slope.size(0), width, [&](std::int64_t first, std::int64_t last) {
      multiply_rows(from + first * width, to + first * width, (last - first) * width);
    });
  });
}

class FusedBertLayer {
 public:
  /// What the way back needs.
  struct Kept {
    Tensor qkv, weights, slope;
    FusedNorm::Kept attended, result;
  };

  FusedBertLayer(const BertLayer& layer, Precision precision)
      : type_(FrozenLinear::type_of(precision)),
        query_key_value_(layer.query_key_value.weight, layer.query_key_value.bias, precision),
        attention_out_(layer.attention_out.weight, layer.attention_out.bias, precision),
        up_(layer.up.weight, layer.up.bias, precision),
        down_(layer.down.weight, layer.down.bias, precision),
        attention_norm_(layer.attention_norm),
        norm_(layer.norm) {}

  [[nodiscard]] at::ScalarType type() const { return type_; }

  BertRows forward(const BertRows& x, const PackedBertAttention& attention, Kept& kept) const {
    kept.qkv = query_key_value_.forward(x.copy);
    const Tensor mixed = attention_out_.forward(attention.forward(kept.qkv, kept.weights));
    const BertRows attended = attention_norm_.forward(x.exact, mixed, kept.attended);
    kept.slope = up_.forward(attended.copy);
    const Tensor hidden = gelu_and_slope(kept.slope);
    return norm_.forward(attended.exact, down_.forward(hidden), kept.result);
  }

  /// From the gradient of what `forward` gave, the sum of two parts as a norm takes it, to that of its input, likewise.
  [[nodiscard]] std::pair<Tensor, Tensor> backward(const std::pair<Tensor, Tensor>& gradient,
                                                   const PackedBertAttention& attention, const Kept& kept) const {
    const BertRows of_result = norm_.backward(gradient.first, gradient.second, type_, kept.result);
    const Tensor of_hidden = down_.backward(of_result.copy);
    multiply_by_slope(of_hidden, kept.slope);
    const BertRows of_attended =
        attention_norm_.backward(of_result.exact, up_.backward(of_hidden), type_, kept.attended);
    const Tensor of_mixed = attention_out_.backward(of_attended.copy);
    const Tensor of_qkv = attention.backward(kept.qkv, kept.weights, of_mixed);
    return {of_attended.exact, query_key_value_.backward(of_qkv)};
  }

 private:
  at::ScalarType type_;
  FrozenLinear query_key_value_, attention_out_, up_, down_;
  FusedNorm attention_norm_, norm_;
};

/// All layers over some rows, and what they keep.
class FusedBertPass {
 public:
  using Layers = std::shared_ptr<const std::vector<FusedBertLayer>>;

  FusedBertPass(Layers layers, PackedBertAttention attention)
      : layers_(std::move(layers)), attention_(std::move(attention)) {}

  Tensor forward(const Tensor& tokens, bool keep) {
    BertRows rows{tokens, tokens.to(layers_->front().type())};
    for (const FusedBertLayer& layer : *layers_) {
      FusedBertLayer::Kept kept;
      rows = layer.forward(rows, attention_, kept);
      if (keep) kept_.push_back(std::move(kept));
    }
    return rows.exact;
  }
  [[nodiscard]] Tensor backward(const Tensor& gradient) const {
    std::pair<Tensor, Tensor> parts{gradient, Tensor()};
    for (std::size_t i = layers_->size(); i-- > 0;) parts = (*layers_)[i].backward(parts, attention_, kept_[i]);
    return parts.first + parts.second;
  }

 private:
  Layers layers_;
  PackedBertAttention attention_;
  std::vector<FusedBertLayer::Kept> kept_;
};

/// Where to cut packed rows so that each part has about `tokens` tokens: indices into `offsets`, from first to last.
inline std::vector<std::size_t> cut_rows(const std::vector<std::int64_t>& offsets, std::int64_t tokens) {
  const std::int64_t parts = std::max<std::int64_t>(1, (offsets.back() + tokens / 2) / tokens);
  std::vector<std::size_t> cuts{0};
  for (std::int64_t part = 1; part <= parts; ++part) {
    const auto end = std::lower_bound(offsets.begin(), offsets.end(), offsets.back() * part / parts) - offsets.begin();
    if (static_cast<std::size_t>(end) > cuts.back()) cuts.push_back(static_cast<std::size_t>(end));
  }
  return cuts;
}

/// Hidden states of packed tokens, differentiable in them. The rows, which do not see each other, go through all layers
/// a few at a time: what lies between two products stays in the cache.
///
/// **Shapes** tokens [T, W] fp32, offsets N + 1 values -> [T, W].
inline Tensor run_fused_bert(const FusedBertPass::Layers& layers, const Tensor& tokens,
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
