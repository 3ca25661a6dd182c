// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The input of a text tower: embeddings without padding, with the part that rows have in common stored once.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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
  [[nodiscard]] std::int64_t longest_suffix() const {
    std::int64_t longest = 0;
    for (std::int64_t row = 0; row < rows(); ++row) longest = std::max(longest, suffix_length(row));
    return longest;
  }

  /// Throws a `ShapeError` when the parts do not fit together.
  void check() const {
    expect_shape(prefix, {-1, -1, -1}, "TextBatch::prefix");
    expect_shape(suffix, {-1, prefix.size(2)}, "TextBatch::suffix");
    require<ShapeError>(offsets.size() == group.size() + 1 && offsets.front() == 0 && offsets.back() == suffix.size(0),
                        "TextBatch: ", group.size(), " rows need ", group.size() + 1, " offsets from 0 to ",
                        suffix.size(0), ", got ", offsets_text());
    require<ShapeError>(suffix_ids.empty() || std::ssize(suffix_ids) == suffix.size(0),
                        "TextBatch: ", suffix_ids.size(), " ids of ", suffix.size(0),
                        " suffix tokens; expected one each, or none");
    for (std::size_t row = 0; row < group.size(); ++row) {
      require<ShapeError>(offsets[row] < offsets[row + 1], "TextBatch: row ", row, " has no token after its prefix");
      require<ShapeError>(group[row] >= 0 && group[row] < prefix.size(0), "TextBatch: row ", row,
                          " refers to prefix group ", group[row], ", there are ", prefix.size(0));
    }
  }

 private:
  [[nodiscard]] std::string offsets_text() const {
    return offsets.empty() ? "none" : text_of(offsets.size(), " from ", offsets.front(), " to ", offsets.back());
  }
};

}  // namespace mao
