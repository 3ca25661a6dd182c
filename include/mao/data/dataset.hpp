// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Labelled image files in three splits.

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace mao {

/// One labelled image file.
struct Item {
  std::string path;        ///< relative to the data set's root
  std::int64_t label = 0;  ///< position in the data set's `ClassList`

  friend bool operator==(const Item&, const Item&) = default;
};

/// Images to train on, to choose settings with, and to test on.
struct Dataset {
  std::filesystem::path root;
  ClassList classes;
  std::vector<Item> train;
  std::vector<Item> val;  ///< may be empty
  std::vector<Item> test;

  friend bool operator==(const Dataset&, const Dataset&) = default;
};

/// Where the files of the items are, in order.
inline std::vector<std::filesystem::path> files_of(const Dataset& dataset, const std::vector<Item>& items) {
  return items | ranges::views::transform([&](const Item& item) { return dataset.root / item.path; }) |
         ranges::to<std::vector>();
}

/// The labels of the items, in order.
inline std::vector<std::int64_t> labels_of(const std::vector<Item>& items) {
  return items | ranges::views::transform(&Item::label) | ranges::to<std::vector>();
}

/// The files that the data set names and that are not there.
inline std::vector<std::filesystem::path> missing_files(const Dataset& dataset) {
  std::vector<std::filesystem::path> missing;
  for (const auto* items : {&dataset.train, &dataset.val, &dataset.test}) {
    for (const auto& file : files_of(dataset, *items)) {
      std::error_code no_such_name;
      if (!std::filesystem::is_regular_file(file, no_such_name)) missing.push_back(file);
    }
  }
  return missing;
}

/// Whether there may be no training images at all (data that is only tested on, such as ImageNet's variants).
enum class NoTraining { refuse, accept };

namespace detail {

inline void check_labels(const Dataset& dataset, const std::vector<Item>& items, const char* split,
                         const std::string& source) {
  for (const Item& item : items) {
    require<DataError>(item.label >= 0 && item.label < dataset.classes.size(), source, ": ", split, " image ",
                       item.path, " has label ", item.label, ", but there are ", dataset.classes.size(),
                       " classes; expected a label from 0 to ", dataset.classes.size() - 1);
  }
}

/// Every class needs an image in `items`, which are the `kind` images.
inline void check_every_class(const Dataset& dataset, const std::vector<Item>& items, const char* kind,
                              const std::string& source) {
  std::vector<bool> seen(dataset.classes.names.size());
  for (const Item& item : items) seen[static_cast<std::size_t>(item.label)] = true;
  for (std::size_t label = 0; label < seen.size(); ++label) {
    require<DataError>(seen[label], source, ": class '", dataset.classes.names[label], "' (label ", label, ") has no ",
                       kind, " image; add some or leave the class out");
  }
}

}  // namespace detail

/// Without training images every class needs a test image instead.
///
/// **Throws** `DataError` naming `source` and what contradicts itself: an empty train or test split, a label without a
/// class, a class without a training image, names that `check_class_names` refuses.
inline void check(const Dataset& dataset, const std::string& source, NoTraining no_training = NoTraining::refuse) {
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
