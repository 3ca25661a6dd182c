// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A table of words as CSV, Markdown or LaTeX.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <mao/core/error.hpp>

namespace mao {

/// Rows of cells below a header. Columns from `first_number` on are numbers, to be set flush right.
struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows{};
  std::size_t first_number = 1;

  /// **Throws** `ShapeError` when the row has another number of cells than the header.
  void add(std::vector<std::string> row) {
    require<ShapeError>(row.size() == header.size(), "a table row of ", row.size(), " cells, expected ", header.size());
    rows.push_back(std::move(row));
  }
};

/// What becomes of a CSV cell that a spreadsheet would take for a formula.
enum class CsvCells {
  Guarded,  ///< it stands behind an apostrophe, which spreadsheets take for "this is text"
  Plain     ///< as it is, for programs
};

namespace detail {

/// Words that begin with = + - @, a tab or a line break; numbers and single signs are none.
inline bool is_formula(std::string_view text) {
  if (text.size() < 2 || std::string_view("=+-@\t\r\n").find(text.front()) == std::string_view::npos) return false;
  const std::string_view digits = text.front() == '+' ? text.substr(1) : text;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error != std::errc() || end != digits.data() + digits.size();
}

inline std::string csv_cell(std::string_view words, CsvCells cells = CsvCells::Guarded) {
  const std::string text = (cells == CsvCells::Guarded && is_formula(words) ? "'" : "") + std::string(words);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

inline std::string markdown_cell(std::string_view text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c == '\n' ? ' ' : c);
  return result;
}

inline std::string latex_cell(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i, 2) == "±") {
      result += "$\\pm$";
      ++i;
    } else if (text.substr(i, 3) == "–") {
      result += "--";
      i += 2;
    } else if (text.substr(i, 3) == "−") {
      result += "$-$";
      i += 2;
    } else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos) {
      result += std::string("\\") + c;
    } else {
      result += c == '\\'  ? "\\textbackslash{}"
                : c == '~' ? "\\textasciitilde{}"
                : c == '^' ? "\\textasciicircum{}"
                           : std::string(1, c);
    }
  }
  return result;
}

/// The cells of a row between separators.
template <class Cell>
std::string joined_cells(const std::vector<std::string>& row, std::string_view separator, const Cell& cell) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : std::string(separator)) + cell(row[i]);
  return line;
}

}  // namespace detail

/// Comma-separated values with a header line; cells are quoted where they must be.
inline std::string csv_text(const TextTable& table, CsvCells cells = CsvCells::Guarded) {
  const auto cell = [&](const std::string& words) { return detail::csv_cell(words, cells); };
  std::string text = detail::joined_cells(table.header, ",", cell) + "\n";
  for (const auto& row : table.rows) text += detail::joined_cells(row, ",", cell) + "\n";
  return text;
}

/// A table of GitHub's Markdown.
inline std::string markdown_text(const TextTable& table) {
  std::string text = "| " + detail::joined_cells(table.header, " | ", detail::markdown_cell) + " |\n|";
  for (std::size_t i = 0; i < table.header.size(); ++i) text += i < table.first_number ? "---|" : "---:|";
  text += "\n";
  for (const auto& row : table.rows) text += "| " + detail::joined_cells(row, " | ", detail::markdown_cell) + " |\n";
  return text;
}

/// A `tabular` for the package booktabs.
inline std::string latex_text(const TextTable& table) {
  const std::size_t words = std::min(table.first_number, table.header.size());
  std::string text = "% needs \\usepackage{booktabs}\n\\begin{tabular}{" + std::string(words, 'l') +
                     std::string(table.header.size() - words, 'r') + "}\n\\toprule\n";
  text += detail::joined_cells(table.header, " & ", detail::latex_cell) + " \\\\\n\\midrule\n";
  for (const auto& row : table.rows) text += detail::joined_cells(row, " & ", detail::latex_cell) + " \\\\\n";
  return text + "\\bottomrule\n\\end{tabular}\n";
}

}  // namespace mao
