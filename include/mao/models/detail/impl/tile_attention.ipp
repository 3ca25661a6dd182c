// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/tile_attention.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE TileAttention::TileAttention(std::int64_t keys)
    : count_(keys),
      blocks_(keys / 32 + 1),
      keys_(at::zeros({blocks_ * 4 * tile}, at::kBFloat16)),
      values_(at::zeros({blocks_ * 4 * tile}, at::kBFloat16)),
      queries_(at::zeros({rows, head_width}, at::kBFloat16)),
      scores_(at::zeros({rows, blocks_ * 32}, at::kFloat)),
      weights_(at::zeros({rows, blocks_ * 32}, at::kBFloat16)),
      mixed_(at::empty({rows, head_width}, at::kFloat)) {}

MAO_INLINE MAO_AMX void TileAttention::transpose(const __m512i (&from)[16], c10::BFloat16* to) {
  __m512i two[16], four[16];
  for (int i = 0; i < 16; i += 2) {
    two[i] = _mm512_maskz_unpacklo_epi32(v16::every, from[i], from[i + 1]);
    two[i + 1] = _mm512_maskz_unpackhi_epi32(v16::every, from[i], from[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int half = 0; half < 2; ++half) {
      four[i + 2 * half] = _mm512_maskz_unpacklo_epi64(0xFF, two[i + half], two[i + half + 2]);
      four[i + 2 * half + 1] = _mm512_maskz_unpackhi_epi64(0xFF, two[i + half], two[i + half + 2]);
    }
  }
  // four[4 r + c] holds, of rows 4 r to 4 r + 3, the columns c, c + 4, c + 8 and c + 12.
  for (int c = 0; c < 4; ++c) {
    const __m512i even = shuffled<0x88>(four[c], four[4 + c]), odd = shuffled<0xDD>(four[c], four[4 + c]);
    const __m512i more_even = shuffled<0x88>(four[8 + c], four[12 + c]),
                  more_odd = shuffled<0xDD>(four[8 + c], four[12 + c]);
    _mm512_storeu_si512(to + 32 * c, shuffled<0x88>(even, more_even));
    _mm512_storeu_si512(to + 32 * (c + 4), shuffled<0x88>(odd, more_odd));
    _mm512_storeu_si512(to + 32 * (c + 8), shuffled<0xDD>(even, more_even));
    _mm512_storeu_si512(to + 32 * (c + 12), shuffled<0xDD>(odd, more_odd));
  }
}

MAO_INLINE MAO_AMX void TileAttention::multiply_keys() {
  const auto* queries = queries_.const_data_ptr<c10::BFloat16>();
  const auto* keys = keys_.const_data_ptr<c10::BFloat16>();
  auto* scores = scores_.mutable_data_ptr<float>();
  const std::int64_t padded = blocks_ * 32, query_bytes = head_width * 2, score_bytes = padded * 4;
  settle_memory();
  _tile_loadd(4, queries, query_bytes);
  _tile_loadd(5, queries + 32, query_bytes);
  _tile_loadd(6, queries + 16 * head_width, query_bytes);
  _tile_loadd(7, queries + 16 * head_width + 32, query_bytes);
  for (std::int64_t j = 0; j < count_; j += 16, keys += 2 * tile) {
    _tile_loadd(2, keys, 64);
    _tile_loadd(3, keys + tile, 64);
    _tile_zero(0);
    _tile_zero(1);
    _tile_dpbf16ps(0, 4, 2);
    _tile_dpbf16ps(1, 6, 2);
    _tile_dpbf16ps(0, 5, 3);
    _tile_dpbf16ps(1, 7, 3);
    _tile_stored(0, scores + j, score_bytes);
    _tile_stored(1, scores + 16 * padded + j, score_bytes);
  }
  settle_memory();
}

MAO_INLINE MAO_AMX float TileAttention::weigh(std::int64_t query, float scale) {
  const std::int64_t padded = blocks_ * 32;
  const float* scores = scores_.const_data_ptr<float>() + query * padded;
  auto* weights = weights_.mutable_data_ptr<c10::BFloat16>() + query * padded;
  const v16::Floats lowest = v16::all(-3.0e38F), factor = v16::all(scale * 1.44269504F);
  const std::int64_t whole = count_ / 16 * 16, rest = count_ - whole;
  v16::Floats greatest = v16::load_first(scores + whole, rest, lowest);
  for (std::int64_t j = 0; j < whole; j += 16) greatest = v16::max(greatest, v16::load(scores + j));
  const v16::Floats start = v16::mul(v16::all(v16::greatest(greatest)), factor);
  v16::Floats total = v16::only_first(rest, power(scores + whole, factor, start));
  v16::store(weights + whole, total);
  for (std::int64_t j = 0; j < whole; j += 16) {
    const v16::Floats weight = power(scores + j, factor, start);
    v16::store(weights + j, weight);
    total = v16::add(total, weight);
  }
  return 1.0F / v16::sum(total);
}

MAO_INLINE MAO_AMX void TileAttention::multiply_values() {
  const std::int64_t padded = blocks_ * 32, weight_bytes = padded * 2, mixed_bytes = head_width * 4;
  auto* mixed = mixed_.mutable_data_ptr<float>();
  settle_memory();
  for (std::int64_t c = 0; c < 4; c += 2) {
    const auto* weights = weights_.const_data_ptr<c10::BFloat16>();
    const auto* values = values_.const_data_ptr<c10::BFloat16>() + c * tile;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (std::int64_t block = 0; block < blocks_; ++block, weights += 32, values += 4 * tile) {
      _tile_loadd(4, weights, weight_bytes);
      _tile_loadd(5, weights + 16 * padded, weight_bytes);
      _tile_loadd(6, values, 64);
      _tile_loadd(7, values + tile, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    float* columns = mixed + c * 16;
    _tile_stored(0, columns, mixed_bytes);
    _tile_stored(1, columns + 16, mixed_bytes);
    _tile_stored(2, columns + 16 * head_width, mixed_bytes);
    _tile_stored(3, columns + 16 * head_width + 16, mixed_bytes);
  }
  settle_memory();
}

}  // namespace mao::detail

#endif
