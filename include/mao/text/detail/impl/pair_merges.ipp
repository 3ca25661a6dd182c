// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/pair_merges.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE const PairMerges::Rule* PairMerges::find(std::int64_t left, std::int64_t right) const {
  const auto found = rules_.find(key(left, right));
  return found == rules_.end() ? nullptr : &found->second;
}

MAO_INLINE const PairMerges::Rule* PairMerges::lowest(const Ids& ids) const {
  const Rule* best = nullptr;
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    const Rule* rule = find(ids[i], ids[i + 1]);
    if (rule != nullptr && (best == nullptr || rule->rank < best->rank)) best = rule;
  }
  return best;
}

MAO_INLINE void PairMerges::join_all(Ids& ids, std::size_t rank) const {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < ids.size(); ++i, ++kept) {
    const Rule* rule = i + 1 < ids.size() ? find(ids[i], ids[i + 1]) : nullptr;
    const bool joins = rule != nullptr && rule->rank == rank;
    ids[kept] = joins ? rule->joined : ids[i];
    if (joins) ++i;
  }
  ids.resize(kept);
}

}  // namespace mao::detail
