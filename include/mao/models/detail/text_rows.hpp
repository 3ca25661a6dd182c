// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the rows of a packed text batch lie in one buffer, and which of them each token sees.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <mao/models/block_prompts.hpp>
#include <mao/models/text_batch.hpp>

namespace mao::detail {

/// Rows that belong together: `length` consecutive ones from `begin`, which see those of their prefix before
/// themselves.
struct PackedSequence {
  std::int64_t begin = 0, length = 0;
  std::int64_t prefix = 0;         ///< first row of its prefix
  std::int64_t prefix_length = 0;  ///< 0 for a prefix itself
  std::int64_t first_query = 0;    ///< the rows before it are keys alone
  std::int64_t queries = 0;        ///< so are those behind this many queries
  std::int64_t query_row = 0;      ///< where its first query lies
  std::int64_t probabilities = 0;  ///< where its attention weights lie, for each head
};

/// All sequences of a pass. Those of one prefix follow each other, their prefix behind them.
struct PackedSequences {
  std::vector<PackedSequence> all;
  std::vector<std::size_t> ends;    ///< for each group of a prefix, the index behind its last sequence
  std::int64_t attended_begin = 0;  ///< first of the rows that every query sees first
  std::int64_t attended = 0;        ///< their number
  std::int64_t probabilities = 0;   ///< attention weights of a head
};

/// Where the rows of a text batch lie in the buffer.
struct TextRows {
  std::int64_t suffix = 0;                           ///< N
  std::int64_t groups = 0, prefix = 0;               ///< G, P
  std::int64_t left_out = 0;                         ///< tokens at the head of each prefix that are not in the buffer
  std::vector<std::int64_t> begins, lengths, group;  ///< of each row

  TextRows() = default;
  explicit TextRows(const TextBatch& batch);

  [[nodiscard]] std::int64_t total() const { return suffix + groups * prefix; }

  /// The same rows, the first token of each prefix left out.
  [[nodiscard]] TextRows without_start() const;

  /// `attended` more rows stand behind the buffer; the last `dead` rows give no output; in the `read_out` the last
  /// token of each row alone is a query, and they lie in the order of rows.
  [[nodiscard]] PackedSequences sequences(std::int64_t attended, std::int64_t dead, bool read_out) const;

  /// Of each suffix token in its sequence. **Shape** [N].
  [[nodiscard]] Tensor positions() const;

  /// The last token of each row. **Shape** [R].
  [[nodiscard]] Tensor last() const;
};

/// Rows `begin` to `end` of a batch, with the prefixes between the first and the last that they use.
TextBatch rows_of(const TextBatch& batch, std::int64_t begin, std::int64_t end);

/// What of the prompts belongs to rows `begin` to `end`: all but replacements for each row.
BlockPrompts rows_of(BlockPrompts prompts, std::int64_t begin, std::int64_t end);

/// Tokens of rows `begin` to `end` with their prefixes.
std::int64_t tokens_of_rows(const TextBatch& batch, std::int64_t begin, std::int64_t end);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/text_rows.ipp>
#endif
