// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/csv.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/auto_split.hpp>
#include <mao/data/class_key.hpp>
#include <mao/data/detail/csv_rows.hpp>
#include <mao/data/detail/labelled_rows.hpp>
#include <mao/data/detail/native_path.hpp>
#include <mao/io/text_file.hpp>

namespace mao::detail {

/// The header as the file has it, for messages, and what is wrong with it where that can be told.
MAO_INLINE std::string header_text(const CsvRow& header) {
  std::string text;
  for (const std::string& field : header.fields) text += (text.empty() ? "" : ",") + field;
  const bool semicolons = header.fields.size() == 1 && text.find(';') != std::string::npos;
  return "'" + text + "'" + (semicolons ? ", separated by semicolons; save it with commas or tabs" : "");
}

/// Without the blanks that some write after a comma.
MAO_INLINE std::string without_blanks(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

/// Which column holds what.
struct CsvColumns {
  std::size_t path = 0;
  std::optional<std::size_t> label;  // without it, classes are numbered by name
  std::size_t class_name = 0;
  std::optional<std::size_t> split;
  std::size_t count = 0;

  CsvColumns(const CsvRow& header, const std::string& source) : count(header.fields.size()) {
    const auto find = [&](std::string_view name) -> std::optional<std::size_t> {
      const auto found = std::ranges::find(header.fields, name);
      if (found == header.fields.end()) return std::nullopt;
      require<FormatError>(std::ranges::count(header.fields, name) == 1, source, ": line ", header.line,
                           ": the column '", name, "' occurs twice; expected each once");
      return static_cast<std::size_t>(found - header.fields.begin());
    };
    const auto needed = [&](std::string_view name) {
      const auto column = find(name);
      require<FormatError>(column.has_value(), source, ": line ", header.line, ": there is no column '", name,
                           "'; the first line has to be path,label,classname or path,classname, with or without "
                           "split, and is ",
                           header_text(header));
      return *column;
    };
    path = needed("path");
    label = find("label");
    class_name = needed("classname");
    split = find("split");
    for (const std::string& name : header.fields) {
      require<FormatError>(split || !name.empty(), source, ": line ", header.line,
                           ": a column of the first line has no name: ", header_text(header),
                           "; name it, or remove it from every line");
      const bool known = split || name == "path" || name == "label" || name == "classname";
      require<FormatError>(known, source, ": line ", header.line, ": the column '", name,
                           "' may be the split under another name; expected path, classname and possibly "
                           "label, or these with a column split (train, val or test), beside which other columns are "
                           "allowed");
    }
  }
};

MAO_INLINE std::int64_t label_of(const CsvRow& row, std::size_t column, const std::string& source) {
  const std::string& number = row.fields[column];
  std::int64_t label = -1;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), label);
  require<FormatError>(failure == std::errc{} && end == number.data() + number.size() && label >= 0, source, ": line ",
                       row.line, ": the label is '", number, "'; expected a whole number of at least 0");
  return label;
}

/// Labels by the order of the class names, as those of a folder's classes.
MAO_INLINE void label_by_name(LabelledRows& rows) {
  std::map<std::string, std::int64_t> labels;
  for (const auto* split : {&rows.train, &rows.val, &rows.test}) {
    for (const LabelledRow& row : *split) labels.try_emplace(row.class_name);
  }
  std::int64_t next = 0;
  for (auto& [name, label] : labels) label = next++;
  for (auto* split : {&rows.train, &rows.val, &rows.test}) {
    for (LabelledRow& row : *split) row.label = labels.at(row.class_name);
  }
}

MAO_INLINE LabelledRow labelled_row(const CsvRow& row, const CsvColumns& columns, const std::string& source) {
  require<FormatError>(row.fields.size() == columns.count, source, ": line ", row.line, ": ", row.fields.size(),
                       " fields; expected ", columns.count, " as in the header; quote a field that holds a separator");
  const std::int64_t label = columns.label ? label_of(row, *columns.label, source) : 0;
  require<FormatError>(!row.fields[columns.path].empty(), source, ": line ", row.line, ": the path is empty");
  require<FormatError>(!prompt_key(row.fields[columns.class_name]).empty(), source, ": line ", row.line,
                       ": the class name is empty; a prompt needs a name");
  return {row.fields[columns.path], label, row.fields[columns.class_name]};
}

MAO_INLINE std::vector<LabelledRow>& rows_of_split(LabelledRows& rows, const std::string& split, const CsvRow& row,
                                                   const std::string& source) {
  require<FormatError>(split == "train" || split == "val" || split == "test", source, ": line ", row.line,
                       ": the split is '", split, "'; expected train, val or test");
  return split == "train" ? rows.train : split == "val" ? rows.val : rows.test;
}

/// Everything into train and test at first, so that the classes are known; then the split.
MAO_INLINE Dataset split_table(const std::filesystem::path& root, LabelledRows rows, std::uint64_t seed,
                               const std::string& source) {
  rows.test = rows.train;
  Dataset dataset = dataset_of(root, rows, source);
  require_distinct(rows.train, source);
  const std::vector<Item> items = std::move(dataset.train);
  dataset.train.clear();
  dataset.test.clear();
  split_automatically(dataset, items, seed, source);
  return dataset;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Dataset parse_csv(std::string_view text, const std::filesystem::path& image_root, const std::string& source,
                             std::uint64_t seed) {
  const std::string checked = utf8_text(std::string(text), source);
  text = checked;
  const bool tabs = text.substr(0, text.find('\n')).find('\t') != std::string_view::npos;
  detail::CsvReader reader(text, tabs ? '\t' : ',', source);
  detail::CsvRow row;
  require<FormatError>(reader.next(row), source,
                       ": the table is empty; its first line has to be path,label,classname or path,classname");
  for (std::string& name : row.fields) name = detail::without_blanks(name);
  const detail::CsvColumns columns(row, source);
  detail::LabelledRows rows;
  bool has_rows = false;
  for (; reader.next(row); has_rows = true) {
    for (std::size_t i = 0; i < row.fields.size(); ++i) {
      if (i != columns.path) row.fields[i] = detail::without_blanks(row.fields[i]);
    }
    auto labelled = detail::labelled_row(row, columns, source);
    labelled.path = native_path(image_root, labelled.path);
    const std::string split = columns.split ? row.fields[*columns.split] : "train";
    detail::rows_of_split(rows, split, row, source).push_back(std::move(labelled));
  }
  require<FormatError>(has_rows, source, ": there are no rows below the first line; expected one for each image");
  if (!columns.label) detail::label_by_name(rows);
  if (!columns.split) return detail::split_table(image_root, std::move(rows), seed, source);
  Dataset dataset = detail::dataset_of(image_root, rows, source);
  detail::require_no_leak(rows, source);
  return dataset;
}

}  // namespace mao
