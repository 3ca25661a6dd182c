// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/merges.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao {

MAO_INLINE std::pair<std::string, std::string> parse_merge(std::string_view line, const std::string& where) {
  const std::size_t space = line.find(' ');
  const bool two_symbols = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                           line.find(' ', space + 1) == std::string_view::npos;
  require<FormatError>(two_symbols, where, ": expected a merge, two symbols with one space between them, but found '",
                       line.substr(0, 60), "'");
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE LineReader::LineReader(const std::filesystem::path& path)
    : name_(path.string()), file_(gzopen(path.c_str(), "rb"), &gzclose) {
  require<FileError>(std::filesystem::is_regular_file(path) && file_ != nullptr, "cannot read '", name_,
                     "': no such file, or not readable");
}

MAO_INLINE bool LineReader::next(std::string& line) {
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

}  // namespace mao::detail

namespace mao {

MAO_INLINE MergeList read_merges(const std::filesystem::path& path, std::size_t limit) {
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

MAO_INLINE void write_merges(const MergeList& merges, const std::filesystem::path& path) {
  write_file_atomically(path, [&](std::ostream& out) {
    out << "#version: 0.2\n";
    for (const auto& [left, right] : merges) out << left << ' ' << right << '\n';
  });
}

}  // namespace mao
