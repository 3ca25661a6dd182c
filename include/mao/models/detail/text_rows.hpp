// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the rows of a packed text batch lie in one buffer, and which of them each token sees.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <ATen/ops/tensor.h>

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
  explicit TextRows(const TextBatch& batch)
      : suffix(batch.suffix.size(0)), groups(batch.prefix.size(0)), prefix(batch.prefix.size(1)), group(batch.group) {
    for (std::int64_t r = 0; r < batch.rows(); ++r) {
      begins.push_back(batch.offsets[static_cast<std::size_t>(r)]);
      lengths.push_back(batch.suffix_length(r));
    }
  }

  [[nodiscard]] std::int64_t total() const { return suffix + groups * prefix; }

  /// The same rows, the first token of each prefix left out.
  [[nodiscard]] TextRows without_start() const {
    TextRows rest = *this;
    --rest.prefix;
    ++rest.left_out;
    return rest;
  }

  /// `attended` more rows stand behind the buffer; the last `dead` rows give no output; in the `read_out` the last
  /// token of each row alone is a query, and they lie in the order of rows.
  [[nodiscard]] PackedSequences sequences(std::int64_t attended, std::int64_t dead, bool read_out) const {
    std::vector<std::size_t> order(begins.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return group[a] < group[b]; });
    PackedSequences result;
    result.attended_begin = total();
    result.attended = attended;
    const auto append = [&](PackedSequence sequence) {
      sequence.probabilities = result.probabilities;
      result.probabilities += sequence.queries * (attended + sequence.prefix_length + sequence.length);
      result.all.push_back(sequence);
    };
    std::size_t next = 0;
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t first = suffix + g * prefix;
      for (; next < order.size() && group[order[next]] == g; ++next) {
        const std::size_t r = order[next];
        const std::int64_t skipped = read_out ? lengths[r] - 1 : 0;
        append({.begin = begins[r],
                .length = lengths[r],
                .prefix = first,
                .prefix_length = prefix,
                .first_query = skipped,
                .queries = lengths[r] - skipped,
                .query_row = read_out ? static_cast<std::int64_t>(r) : begins[r]});
      }
      append({.begin = first, .length = prefix, .queries = read_out ? 0 : prefix - dead, .query_row = first});
      result.ends.push_back(result.all.size());
    }
    return result;
  }

  /// Of each suffix token in its sequence. **Shape** [N].
  [[nodiscard]] Tensor positions() const {
    std::vector<std::int64_t> all;
    for (const std::int64_t length : lengths) {
      for (std::int64_t i = 0; i < length; ++i) all.push_back(left_out + prefix + i);
    }
    return at::tensor(all);
  }

  /// The last token of each row. **Shape** [R].
  [[nodiscard]] Tensor last() const {
    std::vector<std::int64_t> rows;
    for (std::size_t r = 0; r < begins.size(); ++r) rows.push_back(begins[r] + lengths[r] - 1);
    return at::tensor(rows);
  }
};

/// Rows `begin` to `end` of a batch, with the prefixes between the first and the last that they use.
inline TextBatch rows_of(const TextBatch& batch, std::int64_t begin, std::int64_t end) {
  const auto first_offset = batch.offsets.begin() + begin, first_group = batch.group.begin() + begin;
  const auto [lowest, highest] = std::minmax_element(first_group, batch.group.begin() + end);
  TextBatch part{batch.prefix.narrow(0, *lowest, *highest - *lowest + 1),
                 batch.suffix.narrow(0, *first_offset, batch.offsets[static_cast<std::size_t>(end)] - *first_offset),
                 {first_offset, batch.offsets.begin() + end + 1},
                 {first_group, batch.group.begin() + end}};
  if (!batch.suffix_ids.empty()) {
    const auto first_id = batch.suffix_ids.begin() + *first_offset;
    part.suffix_ids.assign(first_id, first_id + part.suffix.size(0));
  }
  part.starts = batch.starts;
  const std::int64_t offset = part.offsets.front(), group = *lowest;
  for (std::int64_t& each : part.offsets) each -= offset;
  for (std::int64_t& each : part.group) each -= group;
  return part;
}

/// What of the prompts belongs to rows `begin` to `end`: all but replacements for each row.
inline BlockPrompts rows_of(BlockPrompts prompts, std::int64_t begin, std::int64_t end) {
  for (BlockPrompt& prompt : prompts) {
    Tensor& tokens = prompt.replacement;
    if (tokens.defined() && tokens.dim() == 3) tokens = tokens.narrow(0, begin, end - begin);
  }
  return prompts;
}

/// Tokens of rows `begin` to `end` with their prefixes.
inline std::int64_t tokens_of_rows(const TextBatch& batch, std::int64_t begin, std::int64_t end) {
  const auto [lowest, highest] = std::minmax_element(batch.group.begin() + begin, batch.group.begin() + end);
  return batch.offsets[static_cast<std::size_t>(end)] - batch.offsets[static_cast<std::size_t>(begin)] +
         (*highest - *lowest + 1) * batch.prefix.size(1);
}

}  // namespace mao::detail
