// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Paths that were written on Windows.

#include <filesystem>
#include <string>
#include <string_view>

namespace mao {

/// The path below `root` with slashes for its backslashes, where only that one is there; as it was otherwise: a
/// backslash is an ordinary character in a name of this system.
std::string native_path(const std::filesystem::path& root, const std::string& path);

namespace detail {

/// What to say about a path that is not there: a hint where it looks like one of Windows, else nothing.
std::string_view path_hint(std::string_view path);

}  // namespace detail

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/native_path.ipp>
#endif
