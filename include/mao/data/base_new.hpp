// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The halves of a data set that base-to-new generalisation is measured on.

#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/filter.hpp>
#include <range/v3/view/slice.hpp>
#include <range/v3/view/transform.hpp>
#include <vector>

namespace mao {

namespace detail {

/// The items whose label is in [first, last), relabelled from 0.
inline std::vector<Item> relabelled(const std::vector<Item>& items, std::int64_t first, std::int64_t last) {
  return items | ranges::views::filter([=](const Item& item) { return item.label >= first && item.label < last; }) |
         ranges::views::transform([=](const Item& item) { return Item{item.path, item.label - first}; }) |
         ranges::to<std::vector>();
}

inline std::int64_t base_count(const Dataset& dataset) {
  require<DataError>(dataset.classes.size() >= 2, dataset.root.string(), ": ", dataset.classes.size(),
                     " class(es); base and new halves need at least 2");
  return (dataset.classes.size() + 1) / 2;
}

}  // namespace detail

/// The classes [first, last) of a data set, relabelled from 0.
inline Dataset class_range(const Dataset& dataset, std::int64_t first, std::int64_t last) {
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

/// The first ceil(C / 2) classes: those that are trained on. **Throws** `DataError` for fewer than two classes.
/// **Source** CoOp, `subsample_classes`.
inline Dataset base_half(const Dataset& dataset) { return class_range(dataset, 0, detail::base_count(dataset)); }

/// The remaining classes, relabelled from 0. **Throws** `DataError` for fewer than two classes.
inline Dataset new_half(const Dataset& dataset) {
  return class_range(dataset, detail::base_count(dataset), dataset.classes.size());
}

/// Both halves.
struct BaseNew {
  Dataset base;
  Dataset fresh;
};

/// Both halves. Draw few-shot images before, on all classes, as the published runs do. **Throws** as `base_half`.
inline BaseNew split_base_new(const Dataset& dataset) { return {base_half(dataset), new_half(dataset)}; }

}  // namespace mao
