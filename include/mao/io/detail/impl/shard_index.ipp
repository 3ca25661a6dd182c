// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/shard_index.hpp>

#include <cmath>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

namespace mao::detail {

/// **Throws** `FormatError` when a tensor is listed twice.
MAO_INLINE nlohmann::json parse_shard_index(const std::filesystem::path& path) {
  std::set<std::string> seen;
  const auto check = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::key && depth == 2) {
      const auto& name = value.get_ref<const std::string&>();
      require<FormatError>(seen.insert(name).second, path.string(), " lists \"", name,
                           "\" twice; expected each tensor in one part");
    }
    return true;
  };
  const std::string text = read_text_file(path);
  return nlohmann::json::parse(text.data(), text.data() + text.size(), check, false);
}

MAO_INLINE ShardIndex read_shard_index(const std::filesystem::path& path) {
  const std::string name = path.string();
  const nlohmann::json json = parse_shard_index(path);
  const bool maps = json.is_object() && json.contains("weight_map") && json["weight_map"].is_object();
  require<FormatError>(maps && !json["weight_map"].empty(), name,
                       " is not an index of weights: expected a JSON object with a \"weight_map\" from tensors to "
                       "files");
  ShardIndex index;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    require<FormatError>(file.is_string(), name, ": \"", tensor, "\" is mapped to ", file.dump(),
                         ", expected the name of a file");
    const auto part = file.get<std::string>();
    require<FormatError>(!part.empty() && std::filesystem::path(part).filename() == part && part != ".." && part != ".",
                         name, ": the part \"", part, "\" is not the name of a file beside the index");
    index.part_of[tensor] = part;
    index.parts.insert(part);
  }
  std::string missing;
  for (const std::string& part : index.parts) {
    if (!std::filesystem::is_regular_file(path.parent_path() / part)) missing += (missing.empty() ? "" : ", ") + part;
  }
  require<FileError>(missing.empty(), name, ": of its ", index.parts.size(), " parts these are not beside it: ",
                     missing, "; download them");
  const auto metadata = json.value("metadata", nlohmann::json::object());
  if (metadata.is_object() && metadata.contains("total_size")) {
    const auto& total = metadata["total_size"];  // some writers have 12.0
    const bool whole = total.is_number() && total >= 0 && total < 9e18 && std::floor(total.get<double>()) == total;
    require<FormatError>(whole, name, ": \"total_size\" is ",
                         metadata["total_size"].dump(), ", expected a number of bytes, 0 or above");
    index.total_size = metadata["total_size"].get<std::uint64_t>();
  }
  return index;
}

}  // namespace mao::detail
