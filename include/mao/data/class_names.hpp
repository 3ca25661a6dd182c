// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Readable names for folders.

#include <filesystem>
#include <mao/data/dataset.hpp>
#include <map>
#include <string>

namespace mao {

/// Folder name to class name.
using ClassNames = std::map<std::string, std::string>;

/// Reads a file of lines `folder name of the class` (split at the first tab, else at the first space), as CoOp's
/// `classnames.txt`, or a JSON object of folder to name.
///
/// **Throws** `FileError`, or `FormatError` naming file and line.
ClassNames read_class_names(const std::filesystem::path& path);

/// Replaces the name of every class by the one in `names`.
///
/// **Throws** `DataError` naming `source` and a class without a new name, or two classes that would get the same one.
void rename_classes(Dataset& dataset, const ClassNames& names, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/class_names.ipp>
#endif
