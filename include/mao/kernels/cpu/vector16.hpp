// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sixteen floats at a time, read from and written to fp32 or bf16: what the CPU kernels are written in.

#include <mao/core/instruction_set.hpp>

#if MAO_HAS_AVX512_KERNELS

#include <Eigen/Core>
#include <immintrin.h>

#include <cstdint>

#include <c10/util/BFloat16.h>

namespace mao::detail::v16 {

using Floats = __m512;

/// All lanes. Intrinsics without a mask start from an undefined value, of which gcc 12 warns.
inline constexpr __mmask16 every = 0xFFFF;

/// Inlined even where the compiler optimises little: a call would go through memory.
#define MAO_V16 MAO_AVX512 __attribute__((always_inline)) inline

MAO_V16 Floats load(const float* from) { return _mm512_loadu_ps(from); }
MAO_V16 Floats load(const c10::BFloat16* from) {
  const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(every, _mm512_maskz_cvtepu16_epi32(every, half), 16));
}
MAO_V16 void store(float* to, Floats x) { _mm512_storeu_ps(to, x); }
MAO_V16 void store(c10::BFloat16* to, Floats x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}
/// Asks for what lies 2 KB further on. Loops that compute much between two loads outrun the hardware's own prefetching:
/// the activation of 3,152 rows takes less than half the time with it. Those that only add gain nothing.
MAO_V16 void prefetch(const void* from) { _mm_prefetch(static_cast<const char*>(from) + 2048, _MM_HINT_T0); }
MAO_V16 Floats all(float x) { return _mm512_set1_ps(x); }
MAO_V16 Floats zero() { return _mm512_setzero_ps(); }
MAO_V16 Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
MAO_V16 Floats sub(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
MAO_V16 Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
/// a * b + c
MAO_V16 Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
MAO_V16 Floats max(Floats a, Floats b) { return _mm512_maskz_max_ps(every, a, b); }
MAO_V16 float sum(Floats x) {
  const __m256 half = _mm256_add_ps(_mm512_maskz_extractf32x8_ps(0xFF, x, 0), _mm512_maskz_extractf32x8_ps(0xFF, x, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
MAO_V16 float greatest(Floats x) {
  const __m256 half = _mm256_max_ps(_mm512_maskz_extractf32x8_ps(0xFF, x, 0), _mm512_maskz_extractf32x8_ps(0xFF, x, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// The first `count` of 16 lanes.
MAO_V16 __mmask16 first(std::int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xFFFFU : (1U << static_cast<unsigned>(count)) - 1U);
}
MAO_V16 Floats load_first(const float* from, std::int64_t count, Floats otherwise) {
  return _mm512_mask_loadu_ps(otherwise, first(count), from);
}
MAO_V16 Floats load_first(const c10::BFloat16* from, std::int64_t count, Floats otherwise) {
  const __m256i half = _mm256_maskz_loadu_epi16(first(count), from);
  const __m512i whole = _mm512_maskz_slli_epi32(every, _mm512_maskz_cvtepu16_epi32(every, half), 16);
  return _mm512_mask_mov_ps(otherwise, first(count), _mm512_castsi512_ps(whole));
}
MAO_V16 void store_first(float* to, std::int64_t count, Floats x) { _mm512_mask_storeu_ps(to, first(count), x); }
MAO_V16 void store_first(c10::BFloat16* to, std::int64_t count, Floats x) {
  _mm256_mask_storeu_epi16(to, first(count), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}

MAO_V16 Floats absolute(Floats x) { return max(x, sub(zero(), x)); }
/// `below` where x < 0, `otherwise` elsewhere.
MAO_V16 Floats where_negative(Floats x, Floats below, Floats otherwise) {
  return _mm512_mask_mov_ps(otherwise, _mm512_cmp_ps_mask(x, zero(), _CMP_LT_OQ), below);
}

/// x in the first `count` lanes, zero in the others.
MAO_V16 Floats only_first(std::int64_t count, Floats x) { return _mm512_maskz_mov_ps(first(count), x); }

/// e^x to about two units in the last place: 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2].
MAO_V16 Floats exp(Floats x) {
  const Floats bounded = max(_mm512_maskz_min_ps(every, x, all(88.0F)), all(-87.0F));
  const Floats power = _mm512_maskz_roundscale_ps(every, mul(bounded, all(1.44269504F)), 0);
  Floats r = _mm512_fnmadd_ps(power, all(0.693359375F), bounded);  // ln 2 in two parts
  r = _mm512_fnmadd_ps(power, all(-2.12194440e-4F), r);
  Floats p = fma(all(1.0F / 720), r, all(1.0F / 120));
  p = fma(p, r, all(1.0F / 24));
  p = fma(p, r, all(1.0F / 6));
  p = fma(p, r, all(0.5F));
  p = fma(p, r, all(1.0F));
  p = fma(p, r, all(1.0F));
  return _mm512_maskz_scalef_ps(every, p, power);
}

/// 1 / x to about one unit in the last place: an estimate of 14 bits and one step of Newton's.
MAO_V16 Floats inverse(Floats x) {
  const Floats estimate = _mm512_maskz_rcp14_ps(every, x);
  return fma(_mm512_fnmadd_ps(x, estimate, all(1.0F)), estimate, estimate);
}

/// 2^x, of x <= 126, as exact as `Stored`, float or bf16, can tell: about 1e-7 or 7e-5, relative. 2^n times a
/// polynomial with the least relative error on [-1/2, 1/2].
template <class Stored>
MAO_V16 Floats two_to(Floats x) {
  const Floats whole = _mm512_maskz_roundscale_ps(every, x, 0), r = sub(x, whole);
  Floats p;
  if constexpr (sizeof(Stored) == sizeof(float)) {
    p = fma(all(0.0013276469F), r, all(0.0096755419F));
    p = fma(p, r, all(0.0555071346F));
    p = fma(p, r, all(0.2402212024F));
    p = fma(p, r, all(0.6931469440F));
    p = fma(p, r, all(1.0F));
  } else {
    p = fma(all(0.0551716462F), r, all(0.2426111400F));
    p = fma(p, r, all(0.6932609677F));
    p = fma(p, r, all(0.9999280572F));
  }
  return _mm512_maskz_scalef_ps(every, p, whole);
}

/// 1 / (1 + e^-x), as exact as `Stored`, float or bf16, can tell: about 3e-7 or 2e-4, relative.
template <class Stored>
MAO_V16 Floats sigmoid(Floats x) {
  constexpr bool is_exact = sizeof(Stored) == sizeof(float);
  Floats power = mul(x, all(-1.44269504F));
  if constexpr (is_exact) power = _mm512_maskz_min_ps(every, power, all(126.0F));  // an infinity would not be inverted
  const Floats sum = add(all(1.0F), two_to<Stored>(power));
  if constexpr (is_exact) return inverse(sum);
  return _mm512_maskz_rcp14_ps(every, sum);
}

}  // namespace mao::detail::v16

#endif
