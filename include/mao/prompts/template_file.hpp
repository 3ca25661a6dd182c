// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Templates of hand-written prompts from a text file.

#include <filesystem>
#include <string>
#include <vector>

namespace mao {

/// Reads one template per line, each with `{}` in the place of the class name; empty lines do not count.
///
/// **Throws** `FileError`; `FormatError` naming file and line of one without `{}`, or with two.
std::vector<std::string> read_templates(const std::filesystem::path& path);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/template_file.ipp>
#endif
