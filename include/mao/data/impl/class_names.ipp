// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/class_names.hpp>

#include <utility>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>
#include <mao/io/detail/unique_keys.hpp>
#include <mao/io/text_file.hpp>

namespace mao::detail {

MAO_INLINE ClassNames class_names_of_json(const std::string& text, const std::string& source) {
  ClassNames names;
  constexpr const char* expected = "{\"folder\": \"class name\", ...}";
  const nlohmann::json file = parse_unique_keys(text, source, expected);
  require<FormatError>(file.is_object(), source, ": the file holds ", file.type_name(), ", expected ", expected);
  for (const auto& [folder, name] : file.items()) {
    require<FormatError>(name.is_string(), source, ": the name of folder '", folder, "' is ", name.dump(),
                         ", not a text; expected ", expected);
    names[folder] = name.get<std::string>();
  }
  return names;
}

MAO_INLINE ClassNames class_names_of_lines(const std::string& text, const std::string& source) {
  ClassNames names;
  int number = 0;
  for (const std::string& line : trimmed_lines(text)) {
    ++number;
    if (line.empty()) continue;
    const auto tab = line.find('\t');
    const auto gap = tab != std::string::npos ? tab : line.find(' ');
    require<FormatError>(gap != std::string::npos && gap > 0, source, ": line ", number, ": '", line,
                         "'; expected a folder, a space or tab, and the class name");
    const auto begin = line.find_first_not_of(" \t", gap);
    const bool is_new = names.try_emplace(line.substr(0, gap), line.substr(begin)).second;
    require<FormatError>(is_new, source, ": line ", number, ": the folder '", line.substr(0, gap),
                         "' has a name already; keep one line per folder");
  }
  return names;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClassNames read_class_names(const std::filesystem::path& path) {
  const std::string text = read_utf8_file(path);
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && text[first] == '{';
  const ClassNames names =
      json ? detail::class_names_of_json(text, path.string()) : detail::class_names_of_lines(text, path.string());
  require<FormatError>(!names.empty(), path.string(), ": there is no class name in it");
  return names;
}

MAO_INLINE void rename_classes(Dataset& dataset, const ClassNames& names, const std::string& source) {
  ClassList renamed{.names = {}, .same_names = dataset.classes.same_names};
  for (const std::string& name : dataset.classes.names) {
    const auto found = names.find(name);
    require<DataError>(found != names.end(), source, ": there is no readable name for the class '", name,
                       "'; add it to the class-name file, which has ", names.size(),
                       " names (a tab after a name that contains spaces)");
    renamed.names.push_back(found->second);
  }
  check_class_names(renamed, source);
  dataset.classes = std::move(renamed);
}

}  // namespace mao
