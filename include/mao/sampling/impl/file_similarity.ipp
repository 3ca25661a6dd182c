// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/sampling/file_similarity.hpp>

#include <charconv>
#include <cstdint>
#include <system_error>
#include <utility>

#include <Eigen/Core>
#include <nlohmann/json.hpp>
#include <range/v3/view/drop.hpp>

#include <mao/config.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/io/detail/unique_keys.hpp>
#include <mao/io/text_file.hpp>

namespace mao {

MAO_INLINE FileSimilarity::FileSimilarity(std::filesystem::path path) : path_(std::move(path)) {
  const std::string text = read_utf8_file(path_);
  const auto names = path_.extension() == ".json" ? read_json(text) : read_csv(lines_of(text));
  for (const auto& name : names) {
    const auto position = static_cast<Eigen::Index>(positions_.size());
    require<FormatError>(positions_.emplace(readable(name), position).second, "FileSimilarity: ", path_.string(),
                         ": the name '", name, "' occurs twice");
  }
  require<FormatError>(table_.allFinite(), "FileSimilarity: ", path_.string(), ": a similarity is not finite");
}

MAO_INLINE std::vector<std::string> FileSimilarity::read_json(const std::string& text) {
  constexpr const char* expected = R"({"names": [...], "similarity": [[...], ...]})";
  const nlohmann::json document = detail::parse_unique_keys(text, "FileSimilarity: " + path_.string(), expected);
  try {
    auto names = document.at("names").get<std::vector<std::string>>();
    const auto rows = document.at("similarity").get<std::vector<std::vector<float>>>();
    fill(names, rows);
    return names;
  } catch (const nlohmann::json::exception&) {
    throw FormatError(text_of("FileSimilarity: ", path_.string(),
                              ": \"names\" or \"similarity\" is missing or of another kind; expected ", expected,
                              ", names as texts and a row of numbers for each"));
  }
}

MAO_INLINE std::vector<std::string> FileSimilarity::read_csv(const std::vector<std::string>& lines) {
  require<FormatError>(!lines.empty(), "FileSimilarity: ", path_.string(), " is empty");
  auto names = fields(lines.front());
  names.erase(names.begin());
  std::vector<std::vector<float>> rows;
  for (const std::string& line : lines | ranges::views::drop(1)) {
    if (line.empty()) continue;
    const auto row = fields(line);
    const auto expected = rows.size() < names.size() ? names[rows.size()] : "no further line";
    require<FormatError>(row.front() == expected, "FileSimilarity: ", path_.string(), ": line ", rows.size() + 2,
                         " begins with '", row.front(), "', expected '", expected, "', the order of the header");
    rows.emplace_back();
    for (std::size_t i = 1; i < row.size(); ++i) rows.back().push_back(number(row[i], rows.size() + 1));
  }
  fill(names, rows);
  return names;
}

MAO_INLINE std::vector<std::string> FileSimilarity::fields(const std::string& line) {
  std::vector<std::string> result(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      result.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      result.emplace_back();
    } else {
      result.back() += c;
    }
  }
  return result;
}

MAO_INLINE float FileSimilarity::number(const std::string& field, std::size_t line) const {
  float value = 0;
  const char* const end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  require<FormatError>(error == std::errc() && stop == end, "FileSimilarity: ", path_.string(), ": line ", line,
                       ": '", field, "' is not a number");
  return value;
}

MAO_INLINE void FileSimilarity::fill(const std::vector<std::string>& names,
                                     const std::vector<std::vector<float>>& rows) {
  require<FormatError>(!names.empty() && rows.size() == names.size(), "FileSimilarity: ", path_.string(), ": ",
                       rows.size(), " rows for ", names.size(), " names, expected one each");
  const auto count = static_cast<Eigen::Index>(names.size());
  table_.resize(count, count);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    require<FormatError>(rows[r].size() == names.size(), "FileSimilarity: ", path_.string(), ": the row of '",
                         names[r], "' has ", rows[r].size(), " numbers, expected ", names.size());
    table_.row(static_cast<Eigen::Index>(r)) = Eigen::Map<const Eigen::RowVectorXf>(rows[r].data(), count);
  }
}

MAO_INLINE std::vector<Eigen::Index> FileSimilarity::positions(const std::vector<std::string>& names) const {
  std::vector<Eigen::Index> result;
  for (const auto& name : names) {
    const auto found = positions_.find(readable(name));
    require<DataError>(found != positions_.end(), "FileSimilarity: ", path_.string(), " has no class '", name,
                       "' among its ", positions_.size(), " names; write the table again for this class list");
    result.push_back(found->second);
  }
  return result;
}

}  // namespace mao
