// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Data sets that are tables: `path[,label],classname[,split]`, separated by commas or tabs.

#include <cstdint>
#include <filesystem>
#include <mao/io/files.hpp>
#include <mao/data/dataset.hpp>
#include <string>
#include <string_view>

namespace mao {

/// The data set that the text of a table describes; `source` names the file in messages. **Throws** as `read_csv`.
Dataset parse_csv(std::string_view text, const std::filesystem::path& image_root, const std::string& source,
                  std::uint64_t seed = 1);

/// Reads a table whose first line names the columns path, classname and possibly label and split (train, val, test), in
/// any order. Without a label column, classes are sorted by name, as those of a folder. Paths are relative to the
/// table's folder; backslashes are read as slashes if only that finds a file. Beside them, other columns are not read.
/// Without a split column, `split_automatically` splits with `seed`, and any other column is refused: it may be the
/// split under another name.
///
/// **Throws** `FileError`; `FormatError` naming file and line; `DataError` as `check(Dataset)`.
inline Dataset read_csv(const std::filesystem::path& path, std::uint64_t seed = 1) {
  return parse_csv(read_text_file(path), path.parent_path(), path.string(), seed);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/csv.ipp>
#endif
