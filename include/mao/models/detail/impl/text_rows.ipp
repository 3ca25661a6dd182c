// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/text_rows.hpp>

#include <algorithm>
#include <numeric>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE TextRows::TextRows(const TextBatch& batch)
    : suffix(batch.suffix.size(0)), groups(batch.prefix.size(0)), prefix(batch.prefix.size(1)), group(batch.group) {
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    begins.push_back(batch.offsets[static_cast<std::size_t>(r)]);
    lengths.push_back(batch.suffix_length(r));
  }
}

MAO_INLINE TextRows TextRows::without_start() const {
  TextRows rest = *this;
  --rest.prefix;
  ++rest.left_out;
  return rest;
}

MAO_INLINE PackedSequences TextRows::sequences(std::int64_t attended, std::int64_t dead, bool read_out) const {
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

MAO_INLINE Tensor TextRows::positions() const {
  std::vector<std::int64_t> all;
  for (const std::int64_t length : lengths) {
    for (std::int64_t i = 0; i < length; ++i) all.push_back(left_out + prefix + i);
  }
  return at::tensor(all);
}

MAO_INLINE Tensor TextRows::last() const {
  std::vector<std::int64_t> rows;
  for (std::size_t r = 0; r < begins.size(); ++r) rows.push_back(begins[r] + lengths[r] - 1);
  return at::tensor(rows);
}

MAO_INLINE TextBatch rows_of(const TextBatch& batch, std::int64_t begin, std::int64_t end) {
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

MAO_INLINE BlockPrompts rows_of(BlockPrompts prompts, std::int64_t begin, std::int64_t end) {
  for (BlockPrompt& prompt : prompts) {
    Tensor& tokens = prompt.replacement;
    if (tokens.defined() && tokens.dim() == 3) tokens = tokens.narrow(0, begin, end - begin);
  }
  return prompts;
}

MAO_INLINE std::int64_t tokens_of_rows(const TextBatch& batch, std::int64_t begin, std::int64_t end) {
  const auto [lowest, highest] = std::minmax_element(batch.group.begin() + begin, batch.group.begin() + end);
  return batch.offsets[static_cast<std::size_t>(end)] - batch.offsets[static_cast<std::size_t>(begin)] +
         (*highest - *lowest + 1) * batch.prefix.size(1);
}

}  // namespace mao::detail
