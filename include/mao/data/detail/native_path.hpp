// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Paths that were written on Windows.

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace mao {

/// The path below `root` with slashes for its backslashes, where only that one is there; as it was otherwise: a
/// backslash is an ordinary character in a name of this system.
inline std::string native_path(const std::filesystem::path& root, const std::string& path) {
  if (path.find('\\') == std::string::npos) return path;
  std::string converted = path;
  std::ranges::replace(converted, '\\', '/');
  std::error_code no_such_name;
  const bool as_written = std::filesystem::exists(root / path, no_such_name);
  return !as_written && std::filesystem::exists(root / converted, no_such_name) ? converted : path;
}

namespace detail {

/// What to say about a path that is not there: a hint where it looks like one of Windows, else nothing.
inline std::string_view path_hint(std::string_view path) {
  return path.find('\\') == std::string_view::npos
             ? ""
             : "; a path with backslashes, as Windows writes it, works when the same path with slashes is there: write "
               "paths relative to the list, without a drive";
}

}  // namespace detail

}  // namespace mao
