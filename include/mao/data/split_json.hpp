// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CoOp's split files: `{"train": [[path, label, class name], ...], "val": [...], "test": [...]}`.

#include <filesystem>
#include <mao/io/files.hpp>
#include <mao/data/dataset.hpp>
#include <string>
#include <string_view>

namespace mao {

/// The data set that the text of a split file describes; `source` names the file in messages.
///
/// **Throws** `FormatError` naming key and position, `DataError` as `check(Dataset)`.
Dataset parse_split_json(std::string_view text, const std::filesystem::path& image_root, const std::string& source);

/// The data set with every path converted by `native_path`; `source` names the file in messages. **Throws** `DataError`
/// naming an image that is trained on and tested under two spellings of its path.
Dataset with_native_paths(Dataset dataset, const std::string& source);

/// Reads a split file; its paths are relative to `image_root`. Backslashes are read as slashes if only that finds a
/// file.
///
/// **Throws** `FileError`, `FormatError` naming key and position, `DataError` as `check(Dataset)`.
inline Dataset read_split_json(const std::filesystem::path& path, const std::filesystem::path& image_root) {
  return with_native_paths(parse_split_json(read_text_file(path), image_root, path.string()), path.string());
}

/// Writes a data set as a split file, which `read_split_json`, CoOp and derived code read. **Throws** `FileError`.
void write_split_json(const std::filesystem::path& path, const Dataset& dataset);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/split_json.ipp>
#endif
