// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/few_shot.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/detail/cpython_random.hpp>

namespace mao::detail {

/// The items of each label, labels in the order in which they first appear.
MAO_INLINE std::vector<std::vector<Item>> grouped_by_label(const std::vector<Item>& items) {
  std::vector<std::vector<Item>> groups;
  std::unordered_map<std::int64_t, std::size_t> position;
  for (const Item& item : items) {
    const auto [found, is_new] = position.try_emplace(item.label, groups.size());
    if (is_new) groups.emplace_back();
    groups[found->second].push_back(item);
  }
  return groups;
}

MAO_INLINE std::vector<Item> draw_per_class(const std::vector<Item>& items, std::size_t shots, CPythonRandom& random) {
  std::vector<Item> drawn;
  for (const auto& group : grouped_by_label(items)) {
    if (group.size() < shots) {
      drawn.insert(drawn.end(), group.begin(), group.end());
      continue;
    }
    for (const std::size_t i : random.sample(group.size(), shots)) drawn.push_back(group[i]);
  }
  return drawn;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE FewShot draw_few_shot(const Dataset& dataset, std::size_t shots, std::uint64_t seed) {
  require<OptionError>(shots >= 1, "few-shot draw: 0 shots; expected at least 1 image per class");
  CPythonRandom random(seed);
  FewShot result;
  result.train = detail::draw_per_class(dataset.train, shots, random);
  result.val = detail::draw_per_class(dataset.val, std::min<std::size_t>(shots, 4), random);
  return result;
}

MAO_INLINE std::vector<Item> few_shot(const std::vector<Item>& train, std::size_t shots, std::uint64_t seed) {
  Dataset dataset;
  dataset.train = train;
  return draw_few_shot(dataset, shots, seed).train;
}

MAO_INLINE Dataset few_shot_dataset(Dataset dataset, std::size_t shots, std::uint64_t seed) {
  FewShot drawn = draw_few_shot(dataset, shots, seed);
  dataset.train = std::move(drawn.train);
  dataset.val = std::move(drawn.val);
  return dataset;
}

}  // namespace mao
