// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/split_json.hpp>

#include <array>
#include <cstdint>
#include <ostream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/class_key.hpp>
#include <mao/data/detail/labelled_rows.hpp>
#include <mao/data/detail/native_path.hpp>
#include <mao/io/detail/unique_keys.hpp>
#include <mao/io/text_file.hpp>

namespace mao::detail {

MAO_INLINE LabelledRow row_of_json(const nlohmann::json& entry, const std::string& where) {
  constexpr const char* expected = "; expected [path, label, class name], such as [\"cat/1.jpg\", 0, \"cat\"]";
  require<FormatError>(entry.is_array() && entry.size() == 3, where, " is ",
                       entry.is_array() ? text_of("an array of ", entry.size()) : entry.type_name(), expected);
  require<FormatError>(entry[0].is_string() && !entry[0].get_ref<const std::string&>().empty(), where,
                       ": the path is not a text, or empty", expected);
  require<FormatError>(entry[1].is_number_integer() && entry[1] >= 0 && entry[1] <= INT32_MAX, where, ": the label is ",
                       entry[1].is_number() ? entry[1].dump() : entry[1].type_name(),
                       ", not a whole number of at least 0", expected);
  require<FormatError>(entry[2].is_string(), where, ": the class name is a ", entry[2].type_name(), ", not a text",
                       expected);
  const auto& path = entry[0].get_ref<const std::string&>();
  const auto& name = entry[2].get_ref<const std::string&>();
  require<FormatError>(path.find('\0') == std::string::npos, where, ": the path holds a zero byte", expected);
  require<FormatError>(!prompt_key(name).empty(), where, ": the class name is empty; a prompt needs a name");
  return {path, entry[1].get<std::int64_t>(), name};
}

MAO_INLINE std::vector<LabelledRow> rows_of_json(const nlohmann::json& file, const std::string& key,
                                                 const std::string& source) {
  const auto found = file.find(key);
  require<FormatError>(found != file.end(), source, ": there is no \"", key,
                       "\"; a split file has \"train\", \"val\" (may be []) and \"test\"");
  require<FormatError>(found->is_array(), source, ": \"", key, "\" is a ", found->type_name(), "; expected an array");
  std::vector<LabelledRow> rows;
  rows.reserve(found->size());
  for (std::size_t i = 0; i < found->size(); ++i) {
    rows.push_back(row_of_json((*found)[i], text_of(source, ": ", key, "[", i, "]")));
  }
  return rows;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Dataset parse_split_json(std::string_view text, const std::filesystem::path& image_root,
                                    const std::string& source) {
  const nlohmann::json file =
      detail::parse_unique_keys(utf8_text(std::string(text), source), source, "an object with \"train\", \"val\" and \"test\"");
  require<FormatError>(file.is_object(), source, ": the file holds a ", file.type_name(),
                       "; expected an object with \"train\", \"val\" and \"test\"");
  for (const auto& [key, value] : file.items()) {
    require<FormatError>(key == "train" || key == "val" || key == "test", source, ": mao does not read the key \"", key,
                         "\"; expected \"train\", \"val\" and \"test\": rename or remove it");
  }
  detail::LabelledRows rows;
  rows.train = detail::rows_of_json(file, "train", source);
  rows.val = detail::rows_of_json(file, "val", source);
  rows.test = detail::rows_of_json(file, "test", source);
  Dataset dataset = detail::dataset_of(image_root, rows, source);
  detail::require_no_leak(rows, source);
  return dataset;
}

MAO_INLINE Dataset with_native_paths(Dataset dataset, const std::string& source) {
  bool changed = false;
  for (auto* items : {&dataset.train, &dataset.val, &dataset.test}) {
    for (Item& item : *items) {
      std::string path = native_path(dataset.root, item.path);
      changed = changed || path != item.path;
      item.path = std::move(path);
    }
  }
  if (changed) detail::require_no_leak(dataset, source);
  return dataset;
}

MAO_INLINE void write_split_json(const std::filesystem::path& path, const Dataset& dataset) {
  check(dataset, path.string());
  const std::array splits{std::pair{"train", &dataset.train}, std::pair{"val", &dataset.val},
                          std::pair{"test", &dataset.test}};
  auto file = nlohmann::ordered_json::object();
  for (const auto& [key, items] : splits) {
    auto& rows = file[key] = nlohmann::ordered_json::array();
    for (const Item& item : *items) {
      rows.push_back({item.path, item.label, dataset.classes.names[static_cast<std::size_t>(item.label)]});
    }
  }
  write_file_atomically(path, [&](std::ostream& out) { out << file.dump(1) << '\n'; });
}

}  // namespace mao
