// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/csv_rows.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE bool CsvReader::next(CsvRow& row) {
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

MAO_INLINE std::string CsvReader::field() {
  if (!text_.empty() && text_.front() == '"') return quoted_field();
  const std::size_t length = std::min(text_.find_first_of(std::string{separator_, '\n', '\r'}), text_.size());
  std::string result(text_.substr(0, length));
  text_.remove_prefix(length);
  return result;
}

MAO_INLINE std::string CsvReader::quoted_field() {
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

}  // namespace mao::detail
