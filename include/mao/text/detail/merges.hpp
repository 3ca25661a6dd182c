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

namespace mao {

/// Two symbols that become one, in the order of their rank.
using MergeList = std::vector<std::pair<std::string, std::string>>;

/// How many merges CLIP's vocabulary of 49,408 has; its merges file continues with others that are not used.
inline constexpr std::size_t clip_merge_count = 49152 - 256 - 2;

/// `left right` as a pair; a FormatError that names `where` for anything else.
std::pair<std::string, std::string> parse_merge(std::string_view line, const std::string& where);

namespace detail {

/// Lines of a plain or gzipped file.
class LineReader {
 public:
  explicit LineReader(const std::filesystem::path& path);

  /// The next line without its end; false at the end of the file.
  bool next(std::string& line);

 private:
  std::string name_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

}  // namespace detail

/// The merges of a text file, at most `limit` of them.
///
/// **Throws** FileError when the file cannot be read, FormatError (with the line) when a line is not a merge.
MergeList read_merges(const std::filesystem::path& path, std::size_t limit = clip_merge_count);

/// Writes merges as read_merges reads them; the file is complete or not there. **Throws** FileError.
void write_merges(const MergeList& merges, const std::filesystem::path& path);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/merges.ipp>
#endif
