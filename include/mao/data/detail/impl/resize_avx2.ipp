// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/resize_avx2.hpp>

#include <algorithm>
#include <cstring>

#include <mao/config.hpp>
#include <mao/core/instruction_set.hpp>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#include <immintrin.h>
#endif

namespace mao::detail {

MAO_INLINE bool resizes_with_avx2() {
#if MAO_HAS_AVX2_RESIZE
  static const bool usable = __builtin_cpu_supports("avx2") && most_allowed_instruction_set() != InstructionSet::Portable;
  return usable;
#else
  return false;
#endif
}

inline constexpr int low_bits = 12;

MAO_INLINE std::int16_t high_part(std::int32_t weight) { return static_cast<std::int16_t>(weight >> low_bits); }

MAO_INLINE std::int16_t low_part(std::int32_t weight) {
  return static_cast<std::int16_t>(weight & ((1 << low_bits) - 1));
}

MAO_INLINE PackedColumnWeights::PackedColumnWeights(const ResizeWeights& weights) {
  std::size_t most = 1;
  for (int i = 0; i < weights.size(); ++i) most = std::max(most, weights.of(i).size());
  groups_ = (most + 3) / 4;
  packed_.resize(static_cast<std::size_t>(weights.size()) * groups_);
  for (int i = 0; i < weights.size(); ++i) {
    Group* groups = packed_.data() + static_cast<std::size_t>(i) * groups_;
    std::size_t tap = 0;
    for (const std::int32_t weight : weights.of(i)) {
      Group& group = groups[tap / 4];
      const std::size_t place = tap % 4 / 2 * 8 + tap % 2;
      for (std::size_t channel = 0; channel < 3; ++channel) {
        group.high[place + 2 * channel] = high_part(weight);
        group.low[place + 2 * channel] = low_part(weight);
      }
      ++tap;
    }
  }
}

MAO_INLINE int PackedColumnWeights::safe_pixels(const ResizeWeights& weights, int width) const {
  const int reach = static_cast<int>(12 * groups_) + 4;
  int count = 0;
  while (count + 1 < weights.size() && 3 * weights.first(count) + reach <= 3 * width) ++count;
  return count;
}

MAO_INLINE void PackedRowWeights::assign(std::span<const std::int32_t> weights) {
  const auto both = [](std::int16_t first, std::int16_t second) {
    return static_cast<std::int32_t>(static_cast<std::uint16_t>(first) | static_cast<std::uint32_t>(second) << 16U);
  };
  pairs_.clear();
  for (std::size_t i = 0; i < weights.size(); i += 2) {
    const bool full = i + 1 < weights.size();
    const std::int32_t second = full ? weights[i + 1] : 0;
    pairs_.push_back({.high = both(high_part(weights[i]), high_part(second)),
                      .low = both(low_part(weights[i]), low_part(second)),
                      .second_row = full ? std::size_t{1} : 0});
  }
}

}  // namespace mao::detail

#if MAO_HAS_AVX2_RESIZE

namespace mao::detail {

/// Joins the sums of both halves of the weights, adds one half and drops the bits behind the point: 8 numbers.
__attribute__((target("avx2"))) MAO_INLINE __m256i rounded_sums(__m256i high, __m256i low) {
  const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low);
  return _mm256_srai_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(one_half)), weight_bits);
}

MAO_INLINE __attribute__((target("avx2"))) void resize_row_avx2(const std::uint8_t* row, const ResizeWeights& weights,
                                                                const PackedColumnWeights& packed, int count,
                                                                std::uint8_t* target) {
  const __m256i pairs = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                         6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  for (int i = 0; i < count; ++i, target += 3) {
    const std::uint8_t* pixel = row + 3 * static_cast<std::size_t>(weights.first(i));
    const PackedColumnWeights::Group* group = packed.of(i);
    __m256i high = _mm256_setzero_si256(), low = high;
    for (std::size_t g = 0; g < packed.groups(); ++g, ++group, pixel += 12) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixel));
      const __m256i words = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), pairs);
      const auto* high_weights = reinterpret_cast<const __m256i*>(group->high.data());
      const auto* low_weights = reinterpret_cast<const __m256i*>(group->low.data());
      high = _mm256_add_epi32(high, _mm256_madd_epi16(words, _mm256_loadu_si256(high_weights)));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(words, _mm256_loadu_si256(low_weights)));
    }
    const __m256i halves = _mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low);
    const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    const __m128i rounded = _mm_srai_epi32(_mm_add_epi32(sums, _mm_set1_epi32(one_half)), weight_bits);
    const __m128i short_words = _mm_packs_epi32(rounded, rounded);
    const int colour = _mm_cvtsi128_si32(_mm_packus_epi16(short_words, short_words));
    std::memcpy(target, &colour, 4);  // the fourth byte belongs to the next pixel, which comes later
  }
}

/// 16 bytes as 16-bit numbers.
__attribute__((target("avx2"))) MAO_INLINE __m256i words_of(const std::uint8_t* bytes) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

MAO_INLINE __attribute__((target("avx2"))) void sum_rows_avx2(const std::uint8_t* rows, std::size_t stride,
                                                              const PackedRowWeights& weights, std::uint8_t* target) {
  __m256i high_a = _mm256_setzero_si256(), high_b = high_a, low_a = high_a, low_b = high_a;
  for (const PackedRowWeights::Pair& pair : weights.pairs()) {
    const __m256i upper = words_of(rows), lower = words_of(rows + pair.second_row * stride);
    const __m256i a = _mm256_unpacklo_epi16(upper, lower), b = _mm256_unpackhi_epi16(upper, lower);
    const __m256i high = _mm256_set1_epi32(pair.high), low = _mm256_set1_epi32(pair.low);
    high_a = _mm256_add_epi32(high_a, _mm256_madd_epi16(a, high));
    high_b = _mm256_add_epi32(high_b, _mm256_madd_epi16(b, high));
    low_a = _mm256_add_epi32(low_a, _mm256_madd_epi16(a, low));
    low_b = _mm256_add_epi32(low_b, _mm256_madd_epi16(b, low));
    rows += 2 * stride;
  }
  const __m256i words = _mm256_packs_epi32(rounded_sums(high_a, low_a), rounded_sums(high_b, low_b));
  const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(target), bytes);
}

}  // namespace mao::detail

#endif
