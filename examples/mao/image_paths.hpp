// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The pictures that a command line names: files, folders, lists of paths.

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/files.hpp>
#include <mao/data/folder.hpp>

#include "text_lines.hpp"

namespace mao_program {

/// The pictures of a folder and of what lies below it, sorted by path. **Throws** `DataError` when there are none.
inline std::vector<std::string> images_below(const std::string& folder) {
  std::vector<std::string> inside;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && mao::detail::is_image_name(entry.path())) inside.push_back(entry.path().string());
  }
  mao::require<mao::DataError>(!inside.empty(), folder,
                               ": no images in this folder; expected .jpg, .jpeg or .png files");
  std::ranges::sort(inside);
  return inside;
}

/// The paths in a list, one a line; empty lines do not count.
inline std::vector<std::string> listed_paths(std::string_view list) {
  std::vector<std::string> paths = split_lines(list);
  std::erase(paths, std::string());
  return paths;
}

/// Files as they are, folders as their pictures, "-": one path a line from the standard input.
inline std::vector<std::string> image_paths(const std::vector<std::string>& arguments) {
  std::vector<std::string> images;
  for (const std::string& argument : arguments) {
    const std::vector<std::string> more =
        argument == "-" ? listed_paths(std::string(std::istreambuf_iterator<char>(std::cin), {}))
        : std::filesystem::is_directory(argument) ? images_below(argument)
                                                   : std::vector<std::string>{argument};
    images.insert(images.end(), more.begin(), more.end());
  }
  return images;
}

}  // namespace mao_program
