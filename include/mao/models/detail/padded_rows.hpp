// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rows of a text batch as a tower without a causal mask was trained on them: each padded to the context length.

#include <mao/models/form.hpp>
#include <mao/models/text_batch.hpp>

namespace mao::detail {

/// **Shapes** embeddings [n, context, W] without positions; read [n], the token that is read out.
struct PaddedRows {
  Tensor embeddings, read;

  /// Rows `begin` to `end`. **Shape** padding [W]: the embedding of the token that stands behind the end.
  static PaddedRows of(const TextBatch& batch, std::int64_t begin, std::int64_t end, const Tensor& padding,
                       std::int64_t context, TextPooling pooling);
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/padded_rows.ipp>
#endif
