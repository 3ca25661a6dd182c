// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Text files of one entry a line, from any editor, and names as UTF-8.

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/files.hpp>
#include <mao/text/unicode.hpp>

namespace mao_program {

/// Where `text` stops being UTF-8; `npos` where it never does.
inline std::size_t first_not_utf8(std::string_view text) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t at = text.size() - rest.size();
    if (mao::take_code_point(rest) != mao::replacement_character) continue;
    if (text.substr(at, 3) != "\xEF\xBF\xBD") return at;  // a replacement character that is written out is no fault
  }
  return std::string_view::npos;
}

/// `text` with every byte that is not UTF-8 as `\xE9`, for files that hold nothing else.
inline std::string as_utf8(std::string_view text) {
  std::string result;
  for (std::size_t bad = 0; (bad = first_not_utf8(text)) != std::string_view::npos; text.remove_prefix(bad + 1)) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(text[bad])));
    result += std::string(text.substr(0, bad)) + escaped;
  }
  return result + std::string(text);
}

/// The lines as they stand, without a byte-order mark at the beginning and without the ends of lines (LF or CR LF).
inline std::vector<std::string> split_lines(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// The texts of a file, one a line. **Throws** `FileError`; `DataError` for a line that is empty or not UTF-8, and for a
/// file without any.
inline std::vector<std::string> read_texts(const std::filesystem::path& file) {
  std::vector<std::string> texts = split_lines(mao::read_text_file(file));
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::size_t bad = first_not_utf8(texts[i]);
    mao::require<mao::DataError>(bad == std::string::npos, file.string(), ": line ", i + 1, ": byte ", bad + 1,
                                 " is not UTF-8 (", as_utf8(texts[i]), "); save the file as UTF-8");
    mao::require<mao::DataError>(texts[i].find_first_not_of(" \t") != std::string::npos, file.string(), ": line ",
                                 i + 1, " is empty; expected one text a line");
  }
  mao::require<mao::DataError>(!texts.empty(), file.string(), " holds no texts; expected one a line");
  return texts;
}

}  // namespace mao_program
