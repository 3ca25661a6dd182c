// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/descriptions.hpp>

#include <utility>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/io/text_file.hpp>

namespace mao {

MAO_INLINE Descriptions descriptions_of_templates(std::vector<std::string> templates) {
  return [templates = std::move(templates)](const std::string& class_name) {
    std::vector<std::string> sentences;
    for (const std::string& pattern : templates) sentences.push_back(fill_template(pattern, class_name));
    return sentences;
  };
}

MAO_INLINE Descriptions descriptions_of_table(std::map<std::string, std::vector<std::string>> table) {
  return [table = std::move(table)](const std::string& class_name) {
    auto found = table.find(class_name);
    if (found == table.end()) found = table.find(readable(class_name));
    require<DataError>(found != table.end(), "no descriptions of class \"", class_name, "\" among those of ",
                       table.size(), " classes; add some under its name");
    return found->second;
  };
}

MAO_INLINE Descriptions descriptions_of_file(const std::filesystem::path& path) {
  const auto json = nlohmann::json::parse(read_utf8_file(path), nullptr, /*allow_exceptions=*/false);
  try {
    return descriptions_of_table(json.get<std::map<std::string, std::vector<std::string>>>());
  } catch (const nlohmann::json::exception&) {
    throw FormatError(path.string() + ": expected a JSON object of class names, each with a list of sentences");
  }
}

}  // namespace mao
