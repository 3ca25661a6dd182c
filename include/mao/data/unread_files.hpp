// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Files in a folder of images that are not read: other image formats, files in deeper folders, other files.

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace mao {

/// The number of files that are not read, by kind (`.gif`, `without a suffix`, `in deeper folders`) and class folder.
struct UnreadFiles {
  std::map<std::string, std::map<std::string, std::size_t>> counts;

  [[nodiscard]] std::size_t total() const;
  /// One line: `3 files are not read: 2 .gif (red 1, blue 1), 1 in deeper folders (red 1); what is read: ...`, with
  /// `place`, where images are looked for. Empty if every file is read.
  [[nodiscard]] std::string description(std::string_view place = "directly in the folder of a class") const;
};

namespace detail {

std::string kind_of_file(const std::filesystem::path& path);

}  // namespace detail

/// Searches a folder in the same way as `read_folder`. Hidden files do not count.
UnreadFiles unread_files(const std::filesystem::path& root);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/unread_files.ipp>
#endif
