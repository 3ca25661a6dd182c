// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What happens to the rows of a transformer between its matrix products, each in one pass over memory: residual sums,
/// layer norm, GELU, softmax, and their backward pass. Needs AVX-512; `instruction_set()` says whether to call them.

#include <mao/kernels/cpu/vector16.hpp>

#if MAO_HAS_AVX512_KERNELS

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <ATen/Parallel.h>
#include <c10/core/ScalarType.h>

namespace mao::detail::rows {

/// CLIP's.
inline constexpr float layer_norm_epsilon = 1e-5F;

/// Mean and 1 / standard deviation of a row, kept for the backward pass.
struct Moments {
  float mean = 0, inverse = 0;
};

/// The normalised row of x, scaled and shifted. **Shapes** x, weight, bias, out [width], a multiple of 16.
template <class To>
MAO_AVX512 Moments layer_norm(const float* x, const float* weight, const float* bias, To* out, std::int64_t width,
                              float epsilon = layer_norm_epsilon) {
  const auto scale = 1.0F / static_cast<float>(width);
  v16::Floats total = v16::zero();
  for (std::int64_t i = 0; i < width; i += 16) total = v16::add(total, v16::load(x + i));
  const float mean = v16::sum(total) * scale;
  const v16::Floats centre = v16::all(mean);
  v16::Floats squares = v16::zero();
  for (std::int64_t i = 0; i < width; i += 16) {
    const v16::Floats distance = v16::sub(v16::load(x + i), centre);
    squares = v16::fma(distance, distance, squares);
  }
  const float inverse = 1.0F / std::sqrt(v16::sum(squares) * scale + epsilon);
  const v16::Floats slope = v16::all(inverse);
  for (std::int64_t i = 0; i < width; i += 16) {
    const v16::Floats normal = v16::mul(v16::sub(v16::load(x + i), centre), slope);
    v16::store(out + i, v16::fma(normal, v16::load(weight + i), v16::load(bias + i)));
  }
  return {mean, inverse};
}

/// sum = x + delta + bias, a row; the bias may be null
template <class From>
MAO_AVX512 void add(const float* x, const From* delta, const float* bias, float* sum, std::int64_t width) {
  for (std::int64_t i = 0; i < width; i += 16) {
    v16::Floats more = v16::load(delta + i);
    if (bias != nullptr) more = v16::add(more, v16::load(bias + i));
    v16::store(sum + i, v16::add(v16::load(x + i), more));
  }
}

/// x += bias, a row
template <class Type>
MAO_AVX512 void add(Type* x, const float* bias, std::int64_t width) {
  for (std::int64_t i = 0; i < width; i += 16) v16::store(x + i, v16::add(v16::load(x + i), v16::load(bias + i)));
}

/// Adds to `sum` the gradient of x, given that of its layer norm, and writes the sum to `copy` too.
template <class From, class To>
MAO_AVX512 void layer_norm_backward(const From* gradient, const float* x, const float* weight, Moments moments,
                                    float* sum, To* copy, std::int64_t width) {
  const auto scale = 1.0F / static_cast<float>(width);
  const v16::Floats centre = v16::all(moments.mean), slope = v16::all(moments.inverse);
  v16::Floats along_one = v16::zero(), along_normal = v16::zero();
  for (std::int64_t i = 0; i < width; i += 16) {
    const v16::Floats scaled = v16::mul(v16::load(gradient + i), v16::load(weight + i));
    const v16::Floats normal = v16::mul(v16::sub(v16::load(x + i), centre), slope);
    along_one = v16::add(along_one, scaled);
    along_normal = v16::fma(scaled, normal, along_normal);
  }
  const v16::Floats one = v16::all(v16::sum(along_one) * scale);
  const v16::Floats tilt = v16::all(v16::sum(along_normal) * scale);
  for (std::int64_t i = 0; i < width; i += 16) {
    const v16::Floats scaled = v16::mul(v16::load(gradient + i), v16::load(weight + i));
    const v16::Floats normal = v16::mul(v16::sub(v16::load(x + i), centre), slope);
    const v16::Floats back = v16::mul(slope, v16::sub(v16::sub(scaled, one), v16::mul(normal, tilt)));
    const v16::Floats total = v16::add(v16::load(sum + i), back);
    v16::store(sum + i, total);
    v16::store(copy + i, total);
  }
}

/// u * sigmoid(1.702 u) of u = x + bias, a row, and its slope, either of which may take the place of x. The bias and the
/// slope may be null.
template <class Type>
MAO_AVX512 void quick_gelu(const Type* x, const float* bias, Type* out, Type* slope, std::int64_t width) {
  const v16::Floats steepness = v16::all(1.702F), one = v16::all(1.0F);
  for (std::int64_t i = 0; i < width; i += 16) {
    v16::prefetch(x + i);
    v16::Floats value = v16::load(x + i);
    if (bias != nullptr) value = v16::add(value, v16::load(bias + i));
    const v16::Floats scaled = v16::mul(value, steepness);
    const v16::Floats gate = v16::sigmoid<Type>(scaled);
    v16::store(out + i, v16::mul(value, gate));
    if (slope != nullptr) v16::store(slope + i, v16::mul(gate, v16::fma(scaled, v16::sub(one, gate), one)));
  }
}

/// x P(X < x) of x + bias, X normal: the exact GELU, P to 1e-7; else as `quick_gelu`.
///
/// **Source** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
template <class Type>
MAO_AVX512 void gelu(const Type* x, const float* bias, Type* out, Type* slope, std::int64_t width) {
  const v16::Floats one = v16::all(1.0F);
  for (std::int64_t i = 0; i < width; i += 16) {
    v16::prefetch(x + i);
    v16::Floats u = v16::load(x + i);
    if (bias != nullptr) u = v16::add(u, v16::load(bias + i));
    const v16::Floats bell = v16::exp(v16::mul(v16::mul(u, u), v16::all(-0.5F)));
    const v16::Floats t = v16::inverse(v16::fma(v16::absolute(u), v16::all(0.3275911F * 0.70710678F), one));
    v16::Floats p = v16::fma(t, v16::all(1.061405429F), v16::all(-1.453152027F));
    p = v16::fma(p, t, v16::all(1.421413741F));
    p = v16::fma(p, t, v16::all(-0.284496736F));
    p = v16::fma(p, t, v16::all(0.254829592F));
    const v16::Floats tail = v16::mul(v16::mul(p, t), v16::mul(bell, v16::all(0.5F)));  // P(X > |u|)
    const v16::Floats below = v16::where_negative(u, tail, v16::sub(one, tail));
    v16::store(out + i, v16::mul(u, below));
    if (slope != nullptr) v16::store(slope + i, v16::fma(v16::mul(u, bell), v16::all(0.39894228F), below));
  }
}

/// gradient *= slope
template <class Type>
MAO_AVX512 void multiply(const Type* slope, Type* gradient, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += 16) {
    v16::store(gradient + i, v16::mul(v16::load(gradient + i), v16::load(slope + i)));
  }
}

/// softmax(scale * row) in place, for any width.
template <class Type>
MAO_AVX512 void softmax(Type* row, float scale, std::int64_t width) {
  const v16::Floats lowest = v16::all(-3.0e38F), factor = v16::all(scale);
  v16::Floats greatest = lowest;
  for (std::int64_t i = 0; i < width; i += 16)
    greatest = v16::max(greatest, v16::load_first(row + i, width - i, lowest));
  const v16::Floats top = v16::all(v16::greatest(greatest));
  v16::Floats total = v16::zero();
  for (std::int64_t i = 0; i < width; i += 16) {
    const v16::Floats distance = v16::sub(v16::load_first(row + i, width - i, lowest), top);
    const v16::Floats power = v16::exp(v16::mul(distance, factor));
    v16::store_first(row + i, width - i, power);
    total = v16::add(total, v16::only_first(width - i, power));
  }
  const v16::Floats share = v16::all(1.0F / v16::sum(total));
  for (std::int64_t i = 0; i < width; i += 16) {
    v16::store_first(row + i, width - i, v16::mul(v16::load_first(row + i, width - i, lowest), share));
  }
}

/// From the gradient of softmax(scale * row) to that of the row, in place.
template <class Type>
MAO_AVX512 void softmax_backward(const Type* weights, Type* gradient, float scale, std::int64_t width) {
  v16::Floats total = v16::zero();
  for (std::int64_t i = 0; i < width; i += 16) {
    total = v16::fma(v16::load_first(weights + i, width - i, v16::zero()),
                     v16::load_first(gradient + i, width - i, v16::zero()), total);
  }
  const v16::Floats mean = v16::all(v16::sum(total)), factor = v16::all(scale);
  for (std::int64_t i = 0; i < width; i += 16) {
    const v16::Floats above = v16::sub(v16::load_first(gradient + i, width - i, v16::zero()), mean);
    const v16::Floats weight = v16::mul(v16::load_first(weights + i, width - i, v16::zero()), factor);
    v16::store_first(gradient + i, width - i, v16::mul(weight, above));
  }
}

/// Calls `work` with a zero of the type that the matrix products are computed in.
template <class Work>
void with_product_type(at::ScalarType type, const Work& work) {
  if (type == at::kFloat) {
    work(float{});
  } else {
    work(c10::BFloat16{});
  }
}

/// Calls `work(begin, end)` on parts of 0 .. rows, by several threads where LibTorch has them.
template <class Work>
void in_parallel(std::int64_t rows, std::int64_t floats_per_row, const Work& work) {
  constexpr std::int64_t floats_worth_a_thread = 1 << 15;
  at::parallel_for(0, rows, std::max<std::int64_t>(1, floats_worth_a_thread / floats_per_row), work);
}

}  // namespace mao::detail::rows

#endif
