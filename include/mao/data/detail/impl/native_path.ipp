// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/native_path.hpp>

#include <algorithm>
#include <system_error>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::string native_path(const std::filesystem::path& root, const std::string& path) {
  if (path.find('\\') == std::string::npos) return path;
  std::string converted = path;
  std::ranges::replace(converted, '\\', '/');
  std::error_code no_such_name;
  const bool as_written = std::filesystem::exists(root / path, no_such_name);
  return !as_written && std::filesystem::exists(root / converted, no_such_name) ? converted : path;
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE std::string_view path_hint(std::string_view path) {
  return path.find('\\') == std::string_view::npos
             ? ""
             : "; a path with backslashes, as Windows writes it, works if the same path with slashes exists: write "
               "paths relative to the list, without a drive";
}

}  // namespace mao::detail
