// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Labelled image files in three splits.

#include <cstdint>
#include <filesystem>
#include <mao/core/class_list.hpp>
#include <string>
#include <vector>

namespace mao {

/// One labelled image file.
struct Item {
  std::string path;        ///< relative to the data set's root
  std::int64_t label = 0;  ///< position in the data set's `ClassList`

  friend bool operator==(const Item&, const Item&) = default;
};

/// Images for training, for choosing settings, and for testing.
struct Dataset {
  std::filesystem::path root;
  ClassList classes;
  std::vector<Item> train;
  std::vector<Item> val;  ///< may be empty
  std::vector<Item> test;

  friend bool operator==(const Dataset&, const Dataset&) = default;
};

/// The full paths of the items, in order.
std::vector<std::filesystem::path> files_of(const Dataset& dataset, const std::vector<Item>& items);

/// The labels of the items, in order.
std::vector<std::int64_t> labels_of(const std::vector<Item>& items);

/// The files of the data set that do not exist.
std::vector<std::filesystem::path> missing_files(const Dataset& dataset);

/// Whether training images may be missing (data that is used only for testing, such as ImageNet's variants).
enum class NoTraining { refuse, accept };

namespace detail {

void check_labels(const Dataset& dataset, const std::vector<Item>& items, const char* split, const std::string& source);

}  // namespace detail

/// Without training images, every class needs a test image instead.
///
/// **Throws** `DataError` naming `source` and the contradiction: an empty train or test split, a label without a
/// class, a class without a training image, names that `check_class_names` refuses.
void check(const Dataset& dataset, const std::string& source, NoTraining no_training = NoTraining::refuse);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/dataset.ipp>
#endif
