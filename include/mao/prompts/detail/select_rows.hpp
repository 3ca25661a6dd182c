// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Some rows of a text batch.

#include <vector>

#include <mao/models/text_batch.hpp>

namespace mao {

/// The rows of `batch` in the order of `rows`; prefixes stay shared.
TextBatch select_rows(const TextBatch& batch, const std::vector<std::int64_t>& rows);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/detail/impl/select_rows.ipp>
#endif
