// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What happens to the rows of a frozen BERT between its matrix products, each in one pass over memory: residual sums
/// with layer norm, GELU, and their way back. For CPUs with AVX-512; `instruction_set()` says whether to call it.

#include <mao/core/instruction_set.hpp>

#if MAO_HAS_AVX512_KERNELS

#include <c10/util/BFloat16.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace mao::detail {

/// Sixteen floats, one register; and their bits.
using Lanes = float __attribute__((vector_size(64)));
using LaneBits = std::uint32_t __attribute__((vector_size(64)));
using LaneHalves = std::uint16_t __attribute__((vector_size(32)));
inline constexpr std::int64_t lanes = 16;

#define MAO_LANES MAO_AVX512 __attribute__((always_inline)) inline

MAO_LANES Lanes load_lanes(const float* from) {
  Lanes found;
  std::memcpy(&found, from, sizeof found);
  return found;
}
MAO_LANES Lanes load_lanes(const c10::BFloat16* from) {
  LaneHalves halves;
  std::memcpy(&halves, static_cast<const void*>(from), sizeof halves);
  return reinterpret_cast<Lanes>(__builtin_convertvector(halves, LaneBits) << 16);
}
MAO_LANES void store_lanes(float* to, Lanes x) { std::memcpy(to, &x, sizeof x); }
/// Rounded to the nearest, ties to even.
MAO_LANES void store_lanes(c10::BFloat16* to, Lanes x) {
  const auto bits = reinterpret_cast<LaneBits>(x);
  const LaneBits rounded = (bits + (((bits >> 16) & 1U) + 0x7FFFU)) >> 16;
  const LaneHalves halves = __builtin_convertvector(rounded, LaneHalves);
  std::memcpy(static_cast<void*>(to), &halves, sizeof halves);
}
MAO_LANES float sum_lanes(Lanes x) {
  float total = 0;
  for (std::int64_t i = 0; i < lanes; ++i) total += x[i];
  return total;
}

/// e^x for x <= 0 to about two units in the last place, 0 below -87: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2].
MAO_LANES Lanes exp_lanes(Lanes x) {
  constexpr float magic = 12582912.0F;  // 1.5 * 2^23: what is added to it is rounded to a whole number
  const Lanes bounded = x < -87.0F ? Lanes{} - 87.0F : x;
  const Lanes shifted = bounded * 1.44269504F + magic;
  const Lanes power = shifted - magic;
  const Lanes r = bounded - power * 0.693359375F + power * 2.12194440e-4F;  // ln 2 in two parts
  Lanes p = r * (1.0F / 720) + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  const LaneBits scale = (reinterpret_cast<LaneBits>(shifted) + 127U) << 23;
  return p * reinterpret_cast<Lanes>(scale);
}

/// x P(X < x), X normal: the exact GELU; its slope takes the place of x. P is known to 1e-7.
///
/// **Source** Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
template <class Type>
MAO_AVX512 void gelu_rows(Type* x, Type* out, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    const Lanes u = load_lanes(x + i);
    const Lanes bell = exp_lanes(u * u * -0.5F);
    const Lanes size = u < 0.0F ? -u : u;
    const Lanes t = 1.0F / (size * (0.3275911F * 0.70710678F) + 1.0F);
    Lanes p = t * 1.061405429F - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    const Lanes tail = p * t * bell * 0.5F;  // P(X > |x|)
    const Lanes below = u < 0.0F ? tail : 1.0F - tail;
    store_lanes(out + i, u * below);
    store_lanes(x + i, below + u * bell * 0.39894228F);
  }
}

/// gradient *= slope
template <class Type>
MAO_AVX512 void multiply_rows(const Type* slope, Type* gradient, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += lanes) {
    store_lanes(gradient + i, load_lanes(gradient + i) * load_lanes(slope + i));
  }
}

/// Mean and 1 / standard deviation of a row.
struct RowMoments {
  float mean = 0, inverse = 0;
};

/// `sum` = x + delta; `normed` is its layer norm, `copy` the same in the type of the products.
template <class Type>
MAO_AVX512 RowMoments add_norm_row(const float* x, const Type* delta, const float* weight, const float* bias,
                                   float epsilon, float* sum, float* normed, Type* copy, std::int64_t width) {
  Lanes total{};
  for (std::int64_t i = 0; i < width; i += lanes) {
    const Lanes value = load_lanes(x + i) + load_lanes(delta + i);
    store_lanes(sum + i, value);
    total += value;
  }
  const float mean = sum_lanes(total) / static_cast<float>(width);
  Lanes squares{};
  for (std::int64_t i = 0; i < width; i += lanes) {
    const Lanes distance = load_lanes(sum + i) - mean;
    squares += distance * distance;
  }
  const float inverse = 1.0F / std::sqrt(sum_lanes(squares) / static_cast<float>(width) + epsilon);
  for (std::int64_t i = 0; i < width; i += lanes) {
    const Lanes value = (load_lanes(sum + i) - mean) * inverse * load_lanes(weight + i) + load_lanes(bias + i);
    store_lanes(normed + i, value);
    store_lanes(copy + i, value);
  }
  return {mean, inverse};
}

/// From `gradient` + `more` (which may be null), the gradient of a layer norm, to that of its input, in both types.
template <class Type>
MAO_AVX512 void norm_backward_row(const float* gradient, const Type* more, const float* sum, const float* weight,
                                  RowMoments moments, float* back, Type* copy, std::int64_t width) {
  Lanes along_one{}, along_normal{};
  for (std::int64_t i = 0; i < width; i += lanes) {
    Lanes arrived = load_lanes(gradient + i);
    if (more != nullptr) arrived += load_lanes(more + i);
    const Lanes scaled = arrived * load_lanes(weight + i);
    store_lanes(back + i, scaled);
    along_one += scaled;
    along_normal += scaled * ((load_lanes(sum + i) - moments.mean) * moments.inverse);
  }
  const float one = sum_lanes(along_one) / static_cast<float>(width);
  const float tilt = sum_lanes(along_normal) / static_cast<float>(width);
  for (std::int64_t i = 0; i < width; i += lanes) {
    const Lanes normal = (load_lanes(sum + i) - moments.mean) * moments.inverse;
    const Lanes value = (load_lanes(back + i) - one - normal * tilt) * moments.inverse;
    store_lanes(back + i, value);
    store_lanes(copy + i, value);
  }
}

}  // namespace mao::detail

#endif
