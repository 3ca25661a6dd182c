// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cuda/attention_layout.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::cuda {

MAO_INLINE PackedAttention PackedAttention::of(const PackedRows& rows, const c10::Device& device,
                                               const std::vector<std::int64_t>& queries) {
  check(rows);
  PackedAttention result;
  result.sizes_.groups = rows.groups;
  result.sizes_.prefix = rows.prefix;
  result.sizes_.suffix = rows.suffix_tokens();
  result.sizes_.queries = result.sizes_.tokens();
  result.rows_ = on(result.lists_of(rows), device);
  result.count_ = static_cast<std::int64_t>(rows.group.size());
  return queries.empty() ? result : result.with_queries(queries);
}

MAO_INLINE PackedAttention PackedAttention::with_queries(const std::vector<std::int64_t>& queries) const {
  PackedAttention result = *this;
  result.sizes_.queries = static_cast<std::int64_t>(queries.size());
  result.queries_ = on(query_lists(queries), device());
  return result;
}

MAO_INLINE void PackedAttention::refill(const PackedRows& rows) {
  check(rows);
  require<ShapeError>(rows.groups == sizes_.groups && rows.prefix == sizes_.prefix &&
                          rows.suffix_tokens() == sizes_.suffix && std::ssize(rows.group) == count_,
                      "PackedAttention::refill: ", rows.group.size(), " rows of ", rows.suffix_tokens(),
                      " tokens in ", rows.groups, " groups of ", rows.prefix, ", expected ", count_, " rows of ",
                      sizes_.suffix, " tokens in ", sizes_.groups, " groups of ", sizes_.prefix);
  rows_.copy_(at::tensor(lists_of(rows), at::kInt));
}

MAO_INLINE void PackedAttention::refill_queries(const std::vector<std::int64_t>& queries) {
  require<ShapeError>(!all_are_queries() && std::ssize(queries) == sizes_.queries,
                      "PackedAttention::refill_queries: ", queries.size(), " queries, expected ", sizes_.queries);
  queries_.copy_(at::tensor(query_lists(queries), at::kInt));
}

MAO_INLINE AttentionLayout PackedAttention::raw() const& {
  AttentionLayout layout = sizes_;
  layout.row = indices(rows_);
  layout.offsets = layout.row + layout.suffix;
  layout.group = layout.offsets + count_ + 1;
  layout.group_tokens = layout.group + count_;
  layout.group_offsets = layout.group_tokens + layout.suffix;
  if (all_are_queries()) return layout;
  layout.token_of = indices(queries_);
  layout.query_of = layout.token_of + layout.queries;
  return layout;
}

MAO_INLINE void PackedAttention::check(const PackedRows& rows) {
  const std::string what = "PackedAttention";
  require<ShapeError>(rows.offsets.size() == rows.group.size() + 1 && rows.offsets.front() == 0 &&
                          std::is_sorted(rows.offsets.begin(), rows.offsets.end()),
                      what, ": ", rows.group.size(), " rows need ", rows.group.size() + 1,
                      " ascending offsets from 0 on, got ", rows.offsets.size());
  require<ShapeError>(rows.suffix_tokens() >= rows.offsets.back(), what, ": the rows have ", rows.offsets.back(),
                      " suffix tokens, the buffer ", rows.suffix_tokens());
  for (const std::int64_t group : rows.group) {
    require<ShapeError>(group >= 0 && group < rows.groups, what, ": a row refers to prefix group ", group,
                        ", there are ", rows.groups);
  }
}

MAO_INLINE std::vector<std::int64_t> PackedAttention::lists_of(const PackedRows& rows) const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(sizes_.suffix), -1), begins{0};
  std::vector<std::vector<std::int64_t>> of_group(static_cast<std::size_t>(rows.groups));
  for (std::size_t r = 0; r < rows.group.size(); ++r) {
    for (std::int64_t n = rows.offsets[r]; n < rows.offsets[r + 1]; ++n) {
      all[static_cast<std::size_t>(n)] = static_cast<std::int64_t>(r);
      of_group[static_cast<std::size_t>(rows.group[r])].push_back(n);
    }
  }
  all.insert(all.end(), rows.offsets.begin(), rows.offsets.end());
  all.insert(all.end(), rows.group.begin(), rows.group.end());
  for (const auto& members : of_group) {
    all.insert(all.end(), members.begin(), members.end());
    begins.push_back(begins.back() + static_cast<std::int64_t>(members.size()));
  }
  all.resize(all.size() + static_cast<std::size_t>(sizes_.suffix - rows.offsets.back()), -1);
  all.insert(all.end(), begins.begin(), begins.end());
  return all;
}

MAO_INLINE std::vector<std::int64_t> PackedAttention::query_lists(const std::vector<std::int64_t>& queries) const {
  std::vector<std::int64_t> query_of(static_cast<std::size_t>(tokens()), -1);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    require<ShapeError>(queries[i] >= 0 && queries[i] < tokens(), "PackedAttention: query ", i, " is token ",
                        queries[i], " of ", tokens());
    auto& place = query_of[static_cast<std::size_t>(queries[i])];
    require<ShapeError>(place < 0, "PackedAttention: token ", queries[i], " is a query twice");
    place = static_cast<std::int64_t>(i);
  }
  std::vector<std::int64_t> both = queries;
  both.insert(both.end(), query_of.begin(), query_of.end());
  return both;
}

}  // namespace mao::cuda
