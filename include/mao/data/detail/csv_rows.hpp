// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Text with comma- or tab-separated fields, as RFC 4180 quotes them.

#include <algorithm>
#include <cstddef>
#include <mao/core/error.hpp>
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
  bool next(CsvRow& row) {
    while (at_line_end() && !text_.empty()) end_line();
    if (text_.empty()) return false;
    row = {.line = line_, .fields = {}};
    row.fields.push_back(field());
    while (!text_.empty() && text_.front() == separator_) {
      text_.remove_prefix(1);
      row.fields.push_back(field());
    }
    require<FormatError>(at_line_end(), source_, ": line ", line_,
                         ": text after a closing quote; double a quote that is part of the field");
    end_line();
    return true;
  }

 private:
  [[nodiscard]] bool at_line_end() const { return text_.empty() || text_.front() == '\n' || text_.front() == '\r'; }

  void end_line() {
    if (text_.starts_with("\r\n")) text_.remove_prefix(1);
    if (text_.empty()) return;
    text_.remove_prefix(1);
    ++line_;
  }

  std::string field() {
    if (!text_.empty() && text_.front() == '"') return quoted_field();
    const std::size_t length = std::min(text_.find_first_of(std::string{separator_, '\n', '\r'}), text_.size());
    std::string result(text_.substr(0, length));
    text_.remove_prefix(length);
    return result;
  }

  std::string quoted_field() {
    const std::size_t begin = line_;
    std::string result;
    text_.remove_prefix(1);
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '"' && (text_.empty() || text_.front() != '"')) return result;
      if (c == '"') text_.remove_prefix(1);
      if (c == '\n') ++line_;
      result += c;
    }
    throw FormatError(text_of(source_, ": line ", begin, ": the quote that opens a field is never closed"));
  }

  std::string_view text_;
  char separator_;
  std::string source_;
  std::size_t line_ = 1;
};

}  // namespace mao::detail
