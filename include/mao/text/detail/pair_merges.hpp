// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Byte-pair merging of token ids: neighbours that a rule joins become one, the rule of lowest rank first.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace mao::detail {

class PairMerges {
 public:
  using Ids = std::vector<std::int64_t>;

  void reserve(std::size_t rules) { rules_.reserve(rules); }

  /// `left` followed by `right` becomes `joined`. A pair that is added again takes the later rank.
  void add(std::int64_t left, std::int64_t right, std::size_t rank, std::int64_t joined) {
    rules_[key(left, right)] = {rank, joined};
  }

  /// Joins neighbours until no rule fits; all places of one rule at a time, from left to right.
  void apply(Ids& ids) const {
    while (const Rule* rule = lowest(ids)) join_all(ids, rule->rank);
  }

 private:
  struct Rule {
    std::size_t rank;
    std::int64_t joined;
  };

  static std::uint64_t key(std::int64_t left, std::int64_t right) {
    return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
  }

  const Rule* find(std::int64_t left, std::int64_t right) const;

  const Rule* lowest(const Ids& ids) const;

  void join_all(Ids& ids, std::size_t rank) const;

  std::unordered_map<std::uint64_t, Rule> rules_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/pair_merges.ipp>
#endif
