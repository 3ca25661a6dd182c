// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Byte-pair merges as text: one `left right` a line, after an optional version line, plain or gzipped.

#include <zlib.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao {

/// Two symbols that become one, in the order of their rank.
using MergeList = std::vector<std::pair<std::string, std::string>>;

/// How many merges CLIP's vocabulary of 49,408 has; its merges file continues with others that are not used.
inline constexpr std::size_t clip_merge_count = 49152 - 256 - 2;

/// `left right` as a pair; a FormatError that names `where` for anything else.
inline std::pair<std::string, std::string> parse_merge(std::string_view line, const std::string& where) {
  const std::size_t space = line.find(' ');
  const bool two_symbols = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                           line.find(' ', space + 1) == std::string_view::npos;
  require<FormatError>(two_symbols, where, ": expected a merge, two symbols with one space between them, but found '",
                       line.substr(0, 60), "'");
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

namespace detail {

/// Lines of a plain or gzipped file.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path)
      : name_(path.string()), file_(gzopen(path.c_str(), "rb"), &gzclose) {
    require<FileError>(std::filesystem::is_regular_file(path) && file_ != nullptr, "cannot read '", name_,
                       "': no such file, or not readable");
  }

  /// The next line without its end; false at the end of the file.
  bool next(std::string& line) {
    line.clear();
    char part[512];
    while (gzgets(file_.get(), part, sizeof part) != nullptr) {
      line += part;
      if (line.back() == '\n') break;
    }
    int status = Z_OK;
    const char* message = gzerror(file_.get(), &status);
    require<FormatError>(status == Z_OK || status == Z_STREAM_END, "'", name_, "' is damaged or incomplete: ", message,
                         "; fetch it again");
    const bool found = !line.empty();
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    return found;
  }

 private:
  std::string name_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace detail

/// The merges of a text file, at most `limit` of them.
///
/// **Throws** FileError when the file cannot be read, FormatError (with the line) when a line is not a merge.
inline MergeList read_merges(const std::filesystem::path& path, std::size_t limit = clip_merge_count) {
  detail::LineReader lines(path);
  MergeList merges;
  std::string line;
  for (std::size_t number = 1; merges.size() < limit && lines.next(line); ++number) {
    const bool heading = number == 1 && line.find("#version") != std::string::npos;
    if (heading || line.empty()) continue;
    merges.push_back(parse_merge(line, text_of("'", path.string(), "', line ", number)));
  }
  return merges;
}

/// Writes merges as read_merges reads them; the file is complete or not there. **Throws** FileError.
inline void write_merges(const MergeList& merges, const std::filesystem::path& path) {
  write_file_atomically(path, [&](std::ostream& out) {
    out << "#version: 0.2\n";
    for (const auto& [left, right] : merges) out << left << ' ' << right << '\n';
  });
}

}  // namespace mao
