// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From rows (path, label, class name), as files list them, to a `Dataset`.

#include <cstdint>
#include <filesystem>
#include <mao/core/error.hpp>
#include <mao/data/dataset.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mao::detail {

/// One line of a split file.
struct LabelledRow {
  std::string path;
  std::int64_t label = 0;
  std::string class_name;
};

/// What a split file says.
struct LabelledRows {
  std::vector<LabelledRow> train;
  std::vector<LabelledRow> val;
  std::vector<LabelledRow> test;
};

/// The name of each label. **Throws** `DataError` when rows disagree about it.
inline std::map<std::int64_t, std::string> names_by_label(const LabelledRows& rows, const std::string& source) {
  std::map<std::int64_t, std::string> names;
  for (const auto* split : {&rows.train, &rows.val, &rows.test}) {
    for (const LabelledRow& row : *split) {
      const auto [known, is_new] = names.try_emplace(row.label, row.class_name);
      require<DataError>(is_new || known->second == row.class_name, source, ": label ", row.label, " is '",
                         known->second, "' at first, but '", row.class_name, "' for ", row.path,
                         "; every label needs one name");
    }
  }
  return names;
}

/// The classes are the names in the order of their labels; labels become positions in that list.
inline Dataset dataset_of(std::filesystem::path root, const LabelledRows& rows, const std::string& source) {
  Dataset dataset;
  dataset.root = std::move(root);
  std::map<std::int64_t, std::int64_t> position;
  for (const auto& [label, name] : names_by_label(rows, source)) {
    position[label] = dataset.classes.size();
    dataset.classes.names.push_back(name);
  }
  const auto items_of = [&](const std::vector<LabelledRow>& split) {
    std::vector<Item> items;
    items.reserve(split.size());
    for (const LabelledRow& row : split) items.push_back({row.path, position.at(row.label)});
    return items;
  };
  dataset.train = items_of(rows.train);
  dataset.val = items_of(rows.val);
  dataset.test = items_of(rows.test);
  check(dataset, source);
  return dataset;
}

}  // namespace mao::detail
