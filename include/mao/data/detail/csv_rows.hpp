// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Text with comma- or tab-separated fields, as RFC 4180 quotes them.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mao::detail {

/// The fields of one record, and the line on which it begins.
struct CsvRow {
  std::size_t line = 1;
  std::vector<std::string> fields;
};

/// Takes records off a text, one at a time. Empty lines are skipped; a quoted field may hold separators, line ends, and
/// doubled quotes.
class CsvReader {
 public:
  CsvReader(std::string_view text, char separator, std::string source)
      : text_(text), separator_(separator), source_(std::move(source)) {}

  /// False at the end. **Throws** `FormatError` with the line of a quote that is never closed, or misplaced.
  bool next(CsvRow& row);

 private:
  [[nodiscard]] bool at_line_end() const { return text_.empty() || text_.front() == '\n' || text_.front() == '\r'; }

  void end_line() {
    if (text_.starts_with("\r\n")) text_.remove_prefix(1);
    if (text_.empty()) return;
    text_.remove_prefix(1);
    ++line_;
  }

  std::string field();

  std::string quoted_field();

  std::string_view text_;
  char separator_;
  std::string source_;
  std::size_t line_ = 1;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/csv_rows.ipp>
#endif
