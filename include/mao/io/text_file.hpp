// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Text files of people and programs: UTF-8 with or without a byte-order mark, any kind of line end.

#include <filesystem>
#include <istream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <mao/core/detail/text_encoding.hpp>
#include <mao/io/files.hpp>

namespace mao {

/// The text without its byte-order mark; all of it must be UTF-8. **Throws** `FormatError` naming `source` and line.
std::string utf8_text(std::string text, const std::string& source);

/// The text of a file with names, paths or settings. **Throws** `FileError`, and `FormatError` as `utf8_text`.
inline std::string read_utf8_file(const std::filesystem::path& path) {
  return utf8_text(read_text_file(path), escaped(path.string()));
}

/// The rest of a stream, such as standard input, as `utf8_text`.
inline std::string read_utf8(std::istream& stream, const std::string& source) {
  return utf8_text({std::istreambuf_iterator<char>(stream), {}}, source);
}

/// The lines of a text without their ends (LF, CRLF or CR). Empty lines stay, so that line numbers match the file.
std::vector<std::string> lines_of(std::string_view text);

/// The same, without blanks at the ends of the lines.
std::vector<std::string> trimmed_lines(std::string_view text);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/text_file.ipp>
#endif
