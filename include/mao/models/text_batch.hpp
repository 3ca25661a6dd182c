// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The input of a text tower: embeddings without padding, with common prefixes stored once.

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

  /// [N] the vocabulary token of each suffix position, if all are vocabulary tokens and none is trained; else empty.
  /// The tower then reuses earlier results for these tokens.
  std::vector<std::int64_t> suffix_ids{};
  /// True if the first token of each prefix is the model's start token: a constant without a gradient.
  bool starts = false;

  [[nodiscard]] std::int64_t rows() const { return static_cast<std::int64_t>(group.size()); }
  [[nodiscard]] std::int64_t suffix_length(std::int64_t row) const {
    const auto r = static_cast<std::size_t>(row);
    return offsets[r + 1] - offsets[r];
  }

  /// The largest number of tokens after the prefix.
  [[nodiscard]] std::int64_t longest_suffix() const;

  /// Throws a `ShapeError` if the parts do not match.
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
