// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Attention in bf16 on the CPU's matrix tiles (AMX), one head of one image at a time: scores, weights and mixed values
/// of 32 queries stay in the nearest caches. Forward only. `instruction_set()` says whether to call it.

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <mao/core/tensor.hpp>
#include <mao/models/detail/head_rows.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// The shapes of eight tiles of 16 rows of 64 bytes, as the instruction reads them.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes_per_row[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
/// A constant: of a variable the compiler would leave out what it does not see read.
inline constexpr TileShapes tile_shapes;

/// Tiles for this thread, while it lives.
class MatrixTiles {
 public:
  MAO_AMX MatrixTiles() { _tile_loadconfig(&tile_shapes); }
  MAO_AMX ~MatrixTiles() { _tile_release(); }
  MatrixTiles(const MatrixTiles&) = delete;
  MatrixTiles& operator=(const MatrixTiles&) = delete;
};

/// The keys and values of a head, packed as tiles, and room for the scores of 32 queries.
///
/// A product of tiles takes 16 rows of 32 numbers on its left, and on its right 32 rows of 16 columns, of which two
/// rows stand as pairs. Scores multiply queries [32, 64] by keys as columns, outputs multiply weights by values.
class TileAttention {
 public:
  explicit TileAttention(std::int64_t keys);

  /// Another head: `key(j)` and `value(j)` point to the 64 numbers of key j.
  template <class KeyAt, class ValueAt>
  MAO_AMX void pack(const KeyAt& key, const ValueAt& value) {
    auto* keys = keys_.mutable_data_ptr<c10::BFloat16>();
    auto* values = values_.mutable_data_ptr<c10::BFloat16>();
    for (std::int64_t j = 0; j < count_; j += 16) {
      for (std::int64_t c = 0; c < head_width; c += 32, keys += tile) {
        __m512i pairs[16];
        for (std::int64_t i = 0; i < 16; ++i) {
          pairs[i] = j + i < count_ ? _mm512_loadu_si512(key(j + i) + c) : _mm512_setzero_si512();
        }
        transpose(pairs, keys);
      }
    }
    for (std::int64_t j = 0; j < count_; j += 2) {
      c10::BFloat16* row = values + j / 32 * 4 * tile + j % 32 / 2 * 32;
      for (std::int64_t c = 0; c < head_width; c += 16) {
        const __m512i first = lanes(value(j) + c);
        const __m512i second = j + 1 < count_ ? lanes(value(j + 1) + c) : _mm512_setzero_si512();
        _mm512_storeu_si512(row + c / 16 * tile,
                            _mm512_or_si512(first, _mm512_maskz_slli_epi32(v16::every, second, 16)));
      }
    }
  }

  /// What `count` queries mix of the values; `query(i)` and `out(i)` point to 64 numbers. Needs `MatrixTiles`.
  template <class QueryAt, class OutAt>
  MAO_AMX void mix(std::int64_t count, float scale, const QueryAt& query, const OutAt& out) {
    for (std::int64_t begin = 0; begin < count; begin += rows) {
      const std::int64_t now = std::min(rows, count - begin);
      auto* queries = queries_.mutable_data_ptr<c10::BFloat16>();
      for (std::int64_t i = 0; i < now; ++i) {
        _mm512_storeu_si512(queries + i * head_width, _mm512_loadu_si512(query(begin + i)));
        _mm512_storeu_si512(queries + i * head_width + 32, _mm512_loadu_si512(query(begin + i) + 32));
      }
      multiply_keys();
      float shares[rows];
      for (std::int64_t i = 0; i < now; ++i) shares[i] = weigh(i, scale);
      multiply_values();
      const auto* mixed = mixed_.const_data_ptr<float>();
      for (std::int64_t i = 0; i < now; ++i) {
        for (std::int64_t c = 0; c < head_width; c += 16) {
          v16::store(out(begin + i) + c, v16::mul(v16::load(mixed + i * head_width + c), v16::all(shares[i])));
        }
      }
    }
  }

 private:
  static constexpr std::int64_t rows = 32;   ///< queries at a time
  static constexpr std::int64_t tile = 512;  ///< numbers of bf16 in one

  /// Sixteen numbers, each in the lower half of a lane.
  MAO_AMX static __m512i lanes(const c10::BFloat16* from) {
    return _mm512_maskz_cvtepu16_epi32(v16::every, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }

  /// 16 rows of 16 pairs, as columns.
  MAO_AMX static void transpose(const __m512i (&from)[16], c10::BFloat16* to);
  template <int Order>
  MAO_AMX static __m512i shuffled(__m512i a, __m512i b) {
    return _mm512_maskz_shuffle_i32x4(v16::every, a, b, Order);
  }

  /// The compiler does not know that tile instructions read and write memory.
  static void settle_memory() { std::atomic_signal_fence(std::memory_order_seq_cst); }

  /// Scores of the 32 queries with all keys.
  MAO_AMX void multiply_keys();

  /// 2^(factor * score - start)
  MAO_AMX static v16::Floats power(const float* scores, v16::Floats factor, v16::Floats start) {
    return v16::two_to<c10::BFloat16>(v16::sub(v16::mul(v16::load(scores), factor), start));
  }

  /// exp(scale * (score - greatest)) of a query, in bf16; one over their sum.
  MAO_AMX float weigh(std::int64_t query, float scale);

  /// The sums of values that the weights of the 32 queries give.
  MAO_AMX void multiply_values();

  std::int64_t count_, blocks_;  ///< keys, and blocks of 32 of them
  Tensor keys_, values_;         ///< tiles of two blocks of 16 keys by halves of a head; of 32 keys by quarters
  Tensor queries_;               ///< [32, 64]
  Tensor scores_, weights_;      ///< [32, 32 blocks], in fp32 and bf16
  Tensor mixed_;                 ///< [32, 64], in fp32
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/tile_attention.ipp>
#endif
