// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/labelled_rows.hpp>

#include <map>
#include <set>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// The name of each label. **Throws** `DataError` when rows disagree about it.
MAO_INLINE std::map<std::int64_t, std::string> names_by_label(const LabelledRows& rows, const std::string& source) {
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

/// Label and place of each path, whichever way it is written.
using ListedPaths = std::map<std::string, const LabelledRow*>;

MAO_INLINE std::string normal_path(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().generic_string();
}

/// **Throws** `DataError` naming an image that is listed under two labels.
MAO_INLINE ListedPaths listed_paths(const std::vector<LabelledRow>& rows, const std::string& source) {
  ListedPaths paths;
  for (const LabelledRow& row : rows) {
    const auto [first, is_new] = paths.try_emplace(normal_path(row.path), &row);
    require<DataError>(is_new || first->second->label == row.label, source, ": ", row.path, " is listed as '",
                       first->second->class_name, "' and as '", row.class_name, "'; an image has one class");
  }
  return paths;
}

MAO_INLINE void require_distinct(const std::vector<LabelledRow>& rows, const std::string& source) {
  if (listed_paths(rows, source).size() == rows.size()) return;
  std::set<std::string> seen;
  for (const LabelledRow& row : rows) {
    require<DataError>(seen.insert(normal_path(row.path)).second, source, ": ", row.path,
                       " is listed twice, so a split could train and test on it; leave one line out");
  }
}

MAO_INLINE void require_no_leak(const LabelledRows& rows, const std::string& source) {
  const ListedPaths trained = listed_paths(rows.train, source);
  for (const auto& [path, row] : listed_paths(rows.test, source)) {
    const auto found = trained.find(path);
    require<DataError>(found == trained.end(), source, ": ", row->path, " is in train (as '",
                       found == trained.end() ? "" : found->second->class_name, "') and in test (as '",
                       row->class_name, "'), so accuracy would be measured on what was learned; leave it out of one");
  }
}

MAO_INLINE void require_no_leak(const Dataset& dataset, const std::string& source) {
  const auto rows_of = [&](const std::vector<Item>& items) {
    std::vector<LabelledRow> rows;
    for (const Item& item : items) {
      rows.push_back({item.path, item.label, dataset.classes.names.at(static_cast<std::size_t>(item.label))});
    }
    return rows;
  };
  const LabelledRows rows{.train = rows_of(dataset.train), .val = {}, .test = rows_of(dataset.test)};
  require_no_leak(rows, source);
}

MAO_INLINE Dataset dataset_of(std::filesystem::path root, const LabelledRows& rows, const std::string& source) {
  Dataset dataset;
  dataset.root = root.empty() ? "." : std::move(root);  // of a table in the current folder, which messages name
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
