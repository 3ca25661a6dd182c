// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Opens any data set by its path: a split file, a table, or a folder.

#include <filesystem>
#include <mao/data/dataset.hpp>
#include <mao/data/folder.hpp>
#include <mao/data/unread_files.hpp>
#include <vector>

namespace mao::detail {

/// The split files (`split_zhou_*.json`) in a folder, sorted. A folder with one is read by that list.
std::vector<std::filesystem::path> split_files_in(const std::filesystem::path& folder);

}  // namespace mao::detail

namespace mao {

/// The files that `open_dataset` does not read in a folder of images; empty for other data sets.
UnreadFiles unread_of(const std::filesystem::path& path);

/// Whether a folder is laid out as a data set (a split file, or folders of images), so that an error about it is not
/// about its layout.
bool holds_dataset(const std::filesystem::path& folder);

/// Opens a data set.
///
/// * a folder with one `split_zhou_*.json`: that split; its images are looked for in the folder and its sub folders, so
///   the layouts that CoOp asks for work as they are
/// * any other folder: `read_folder`
/// * `*.json`: `read_split_json`, with the images looked for beside the file
/// * `*.csv`, `*.tsv`, `*.txt`: `read_csv`
///
/// `options.class_names` maps folders, or the class names of a split file or table, to readable names.
///
/// **Throws** `FileError` if the path or the images do not exist, `DataError` or `FormatError` that says what was found
/// and what would work.
Dataset open_dataset(const std::filesystem::path& path, const FolderOptions& options = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/open.ipp>
#endif
