// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The input of a text tower: embeddings without padding, with the part that rows have in common stored once.

#include <cstdint>
#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// R sequences of token embeddings (no positions added yet). Row r is `prefix[group[r]]` followed by
/// `suffix[offsets[r]] .. suffix[offsets[r + 1] - 1]`, and is read out at its last token.
///
/// CoOp, KgCoOp and the deep-prompt methods have one prefix group (start token and context), CoCoOp one per image; a
/// class-specific context is in the suffix.
///
/// **Shapes** `prefix` [G, P, W], `suffix` [N, W], `offsets` [R + 1], `group` [R].
struct TextBatch {
  Tensor prefix;
  Tensor suffix;
  std::vector<std::int64_t> offsets;
  std::vector<std::int64_t> group;

  /// [N] which token of the model's vocabulary each of the suffix is, where all are and none is trained; else empty.
  /// The tower then uses what it computed of such a token before.
  std::vector<std::int64_t> suffix_ids{};
  /// The first token of each prefix is the model's start token: a constant, into which no gradient flows.
  bool starts = false;

  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(group.size()); }
  [[nodiscard]] std::int64_t suffix_length(std::int64_t row) const {
    const auto r = static_cast<std::size_t>(row);
    return offsets[r + 1] - offsets[r];
  }

  /// The most tokens that a row has after its prefix.
  [[nodiscard]] std::int64_t longest_suffix() const;

  /// Throws a `ShapeError` when the parts do not fit together.
  void check() const;

 private:
  [[nodiscard]] std::string offsets_text() const {
    return offsets.empty() ? "none" : text_of(offsets.size(), " from ", offsets.front(), " to ", offsets.back());
  }
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/text_batch.ipp>
#endif
