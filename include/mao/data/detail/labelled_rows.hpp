// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From rows (path, label, class name), as files list them, to a `Dataset`.

#include <cstdint>
#include <filesystem>
#include <mao/data/dataset.hpp>
#include <string>
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

/// **Throws** `DataError` naming an image that is listed twice: a split could put it on both sides.
void require_distinct(const std::vector<LabelledRow>& rows, const std::string& source);

/// **Throws** `DataError` naming an image that is trained on and tested, or has two labels.
void require_no_leak(const LabelledRows& rows, const std::string& source);

/// The same of a data set whose paths have changed since its file was read.
void require_no_leak(const Dataset& dataset, const std::string& source);

/// The classes are the names in the order of their labels; labels become positions in that list.
Dataset dataset_of(std::filesystem::path root, const LabelledRows& rows, const std::string& source);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/labelled_rows.ipp>
#endif
