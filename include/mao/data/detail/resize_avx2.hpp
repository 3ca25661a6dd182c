// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The two passes of a resize in AVX2 instructions, bit for bit the portable ones.
///
/// A weight w of 23 bits is split into h * 4096 + l, so that both halves fit the 16-bit multiply-add; sums of h and l
/// are joined at the end. Integer arithmetic throughout: nothing is rounded before the last shift.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <mao/data/detail/resize_weights.hpp>

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define MAO_HAS_AVX2_RESIZE 1
#else
#define MAO_HAS_AVX2_RESIZE 0
#endif

namespace mao::detail {

/// Whether this CPU has AVX2; the environment variable MAO_INSTRUCTION_SET=portable says no.
bool resizes_with_avx2();

/// The weights of target pixels for the column pass: groups of 4 source pixels, in the order of the bytes that
/// `resize_row_avx2` multiplies.
class PackedColumnWeights {
 public:
  struct Group {
    std::array<std::int16_t, 16> high{}, low{};
  };

  explicit PackedColumnWeights(const ResizeWeights& weights);

  [[nodiscard]] std::size_t groups() const { return groups_; }
  [[nodiscard]] const Group* of(int target) const {
    return packed_.data() + static_cast<std::size_t>(target) * groups_;
  }

  /// How many of the leading target pixels can be made without reading behind a row of `width` pixels, nor writing
  /// behind the last target pixel.
  [[nodiscard]] int safe_pixels(const ResizeWeights& weights, int width) const;

 private:
  std::size_t groups_ = 0;
  std::vector<Group> packed_;  // [pixels, groups]
};

/// The weights of one target row for the row pass: two source rows at a time.
class PackedRowWeights {
 public:
  struct Pair {
    std::int32_t high, low;  ///< two 16-bit numbers each, that of the first row in the lower half
    std::size_t second_row;  ///< 1, or 0 where there is no second row and its weight is 0
  };

  void assign(std::span<const std::int32_t> weights);

  [[nodiscard]] const std::vector<Pair>& pairs() const { return pairs_; }

 private:
  std::vector<Pair> pairs_;
};

#if MAO_HAS_AVX2_RESIZE

/// The first `count` pixels of one resized row.
__attribute__((target("avx2"))) void resize_row_avx2(const std::uint8_t* row, const ResizeWeights& weights,
                                                     const PackedColumnWeights& packed, int count,
                                                     std::uint8_t* target);

/// 16 bytes of the weighted sum of rows that are `stride` bytes apart, one weight pair for two rows.
__attribute__((target("avx2"))) void sum_rows_avx2(const std::uint8_t* rows, std::size_t stride,
                                                   const PackedRowWeights& weights, std::uint8_t* target);

#endif

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/resize_avx2.ipp>
#endif
