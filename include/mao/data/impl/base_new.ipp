// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/base_new.hpp>

#include <vector>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/slice.hpp>
#include <range/v3/view/transform.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// The items whose label is in [first, last), relabelled from 0.
MAO_INLINE std::vector<Item> relabelled(const std::vector<Item>& items, std::int64_t first, std::int64_t last) {
  return items | ranges::views::filter([=](const Item& item) { return item.label >= first && item.label < last; }) |
         ranges::views::transform([=](const Item& item) {
           return Item{item.path, item.label - first};
         }) |
         ranges::to<std::vector>();
}

MAO_INLINE std::int64_t base_count(const Dataset& dataset) {
  require<DataError>(dataset.classes.size() >= 2, dataset.root.string(), ": ", dataset.classes.size(),
                     dataset.classes.size() == 1 ? " class" : " classes",
                     "; base and new halves need at least 2: add images of other classes");
  return (dataset.classes.size() + 1) / 2;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Dataset class_range(const Dataset& dataset, std::int64_t first, std::int64_t last) {
  require<OptionError>(first >= 0 && first < last && last <= dataset.classes.size(), "classes ", first, " to ", last,
                       " of ", dataset.classes.size(), "; expected 0 <= first < last <= their number");
  Dataset part;
  part.root = dataset.root;
  part.classes.same_names = dataset.classes.same_names;
  part.classes.names = dataset.classes.names | ranges::views::slice(first, last) | ranges::to<std::vector>();
  part.train = detail::relabelled(dataset.train, first, last);
  part.val = detail::relabelled(dataset.val, first, last);
  part.test = detail::relabelled(dataset.test, first, last);
  return part;
}

}  // namespace mao
