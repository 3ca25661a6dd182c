// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Byte-pair merging of long texts: of all neighbours that may be joined, the best pair first, the left one of equals.

#include <cstddef>
#include <cstdint>
#include <queue>
#include <tuple>
#include <vector>

namespace mao::detail {

/// A part of a text on its way to be a piece.
struct MergeSymbol {
  std::size_t begin = 0;
  std::size_t size = 0;  ///< 0: joined with the one before
  std::int64_t id = -1;  ///< of the piece that it is
  bool fixed = false;    ///< joins with nothing
  std::ptrdiff_t before = -1;
  std::ptrdiff_t after = -1;
};

/// What a rule makes of two neighbours.
template <class Rank>
struct MergeResult {
  Rank rank;  ///< the smallest is applied first
  std::int64_t id;
};

/// Joins `symbols` in place until no pair can be joined. `join(left, right)` is an optional MergeResult.
template <class Rank, class Join>
void merge_all(std::vector<MergeSymbol>& symbols, const Join& join) {
  using Pair = std::tuple<Rank, std::ptrdiff_t, std::ptrdiff_t, std::size_t, std::int64_t>;  // rank, left, right, size
  std::priority_queue<Pair, std::vector<Pair>, std::greater<>> queue;
  const auto at = [&symbols](std::ptrdiff_t i) -> MergeSymbol& { return symbols[static_cast<std::size_t>(i)]; };
  const auto offer = [&](std::ptrdiff_t left, std::ptrdiff_t right) {
    if (left < 0 || right < 0 || at(left).fixed || at(right).fixed) return;
    if (const auto result = join(at(left), at(right))) {
      queue.emplace(result->rank, left, right, at(left).size + at(right).size, result->id);
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    symbols[i].before = static_cast<std::ptrdiff_t>(i) - 1;
    symbols[i].after = i + 1 < symbols.size() ? static_cast<std::ptrdiff_t>(i) + 1 : -1;
  }
  for (std::size_t i = 1; i < symbols.size(); ++i) {
    offer(static_cast<std::ptrdiff_t>(i) - 1, static_cast<std::ptrdiff_t>(i));
  }
  while (!queue.empty()) {
    const auto [rank, left, right, size, id] = queue.top();
    queue.pop();
    if (at(left).size == 0 || at(right).size == 0 || at(left).size + at(right).size != size) continue;
    at(left).size = size;
    at(left).id = id;
    at(left).after = at(right).after;
    if (at(right).after >= 0) at(at(right).after).before = left;
    at(right).size = 0;
    offer(at(left).before, left);
    offer(left, at(left).after);
  }
}

}  // namespace mao::detail
