// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A text batch as packed attention (kernels/cuda/attention_layout.hpp) sees it.

#include <cstdint>
#include <vector>

#include <mao/kernels/cuda/attention_layout.hpp>
#include <mao/models/text_batch.hpp>

namespace mao::cuda {

/// The suffix tokens beyond the last row are padding.
PackedRows packed_rows(const TextBatch& batch);

/// The last token of each row, numbered with the prefix tokens first. An empty row, which is padding too, gets a token
/// of the padding.
std::vector<std::int64_t> last_tokens(const TextBatch& batch);

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/packed_batch.ipp>
#endif
