// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <system_error>
#include <utility>

#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>

namespace mao {

MAO_INLINE std::vector<std::int64_t> labels_of(const std::vector<Item>& items) {
  return items | ranges::views::transform(&Item::label) | ranges::to<std::vector>();
}

MAO_INLINE std::vector<std::filesystem::path> files_of(const Dataset& dataset, const std::vector<Item>& items) {
  return items | ranges::views::transform([&](const Item& item) { return dataset.root / item.path; }) |
         ranges::to<std::vector>();
}

MAO_INLINE std::vector<std::filesystem::path> missing_files(const Dataset& dataset) {
  std::vector<std::filesystem::path> missing;
  for (const auto* items : {&dataset.train, &dataset.val, &dataset.test}) {
    for (const auto& file : files_of(dataset, *items)) {
      std::error_code no_such_name;
      if (!std::filesystem::is_regular_file(file, no_such_name)) missing.push_back(file);
    }
  }
  return missing;
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE void check_labels(const Dataset& dataset, const std::vector<Item>& items, const char* split,
                             const std::string& source) {
  for (const Item& item : items) {
    require<DataError>(item.label >= 0 && item.label < dataset.classes.size(), source, ": ", split, " image ",
                       item.path, " has label ", item.label, ", but there are ", dataset.classes.size(),
                       " classes; expected a label from 0 to ", dataset.classes.size() - 1);
  }
}

/// Every class needs an image in `items`, which are the `kind` images.
MAO_INLINE void check_every_class(const Dataset& dataset, const std::vector<Item>& items, const char* kind,
                                  const std::string& source) {
  std::vector<bool> seen(dataset.classes.names.size());
  for (const Item& item : items) seen[static_cast<std::size_t>(item.label)] = true;
  const auto missing = std::ranges::count(seen, false);
  constexpr std::ptrdiff_t most = 5;
  std::string names;
  std::ptrdiff_t shown = 0;
  for (std::size_t label = 0; label < seen.size(); ++label) {
    if (seen[label] || shown++ >= most) continue;
    names += text_of(names.empty() ? "'" : ", '", dataset.classes.names[label], "' (label ", label, ")");
  }
  require<DataError>(missing != 1, source, ": class ", names, " has no ", kind,
                     " image; add some or leave the class out");
  require<DataError>(missing == 0, source, ": ", missing, " classes have no ", kind, " image: ", names,
                     missing > most ? ", ..." : "", "; add some or leave the classes out");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void check(const Dataset& dataset, const std::string& source, NoTraining no_training) {
  const bool only_tested = dataset.train.empty() && no_training == NoTraining::accept;
  require<DataError>(!dataset.train.empty() || only_tested, source,
                     ": the train split is empty; training needs images");
  require<DataError>(!dataset.test.empty(), source, ": the test split is empty; evaluation needs images");
  detail::check_labels(dataset, dataset.train, "train", source);
  detail::check_labels(dataset, dataset.val, "val", source);
  detail::check_labels(dataset, dataset.test, "test", source);
  check_class_names(dataset.classes, source);
  detail::check_every_class(dataset, only_tested ? dataset.test : dataset.train, only_tested ? "test" : "training",
                            source);
}

}  // namespace mao
