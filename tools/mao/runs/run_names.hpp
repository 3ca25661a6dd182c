// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What tables call a run: its data set, its method, and how its settings differ from those of others.

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/data/registry.hpp>

namespace mao {

/// `Caltech101` for `caltech101` and for `/data/caltech-101`; a data set that is not known keeps the last part of its
/// path.
inline std::string data_set_title(const std::string& data) {
  std::filesystem::path path(data);
  if (!path.has_filename()) path = path.parent_path();
  const std::string name = path.filename().empty() ? data : path.filename().string();
  const NamedDataset* known = find_named(name);
  return known == nullptr ? name : std::string(known->title);
}

/// Puts titles into the order of the papers; those that are not known follow by name.
inline void sort_data_sets(std::vector<std::string>& titles) {
  const auto place = [](const std::string& title) {
    const auto known = std::ranges::find(named_datasets, title, &NamedDataset::title);
    return std::pair(known - named_datasets.begin(), title);
  };
  std::ranges::sort(titles, {}, place);
}

/// `kgcoop`, or `kgcoop+mao`: the key of published rows.
inline std::string method_key(const nlohmann::json& settings) {
  const auto method = settings.value("method", nlohmann::json::object());
  return method.value("name", std::string("?")) + (method.value("mao", false) ? "+mao" : "");
}

/// `KgCoOp + MAO` for `kgcoop+mao`.
inline std::string method_title(std::string_view key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 18> titles{{{"zero-shot", "untuned"},
                                                                                  {"coop", "CoOp"},
                                                                                  {"cocoop", "CoCoOp"},
                                                                                  {"kgcoop", "KgCoOp"},
                                                                                  {"prograd", "ProGrad"},
                                                                                  {"proda", "ProDA"},
                                                                                  {"tcp", "TCP"},
                                                                                  {"dept", "DePT"},
                                                                                  {"dpc", "DPC"},
                                                                                  {"vpt", "VPT"},
                                                                                  {"ivlp", "IVLP"},
                                                                                  {"upt", "UPT"},
                                                                                  {"adapt", "ADAPT"},
                                                                                  {"maple", "MaPLe"},
                                                                                  {"promptsrc", "PromptSRC"},
                                                                                  {"promptkd", "PromptKD"},
                                                                                  {"coprompt", "CoPrompt"},
                                                                                  {"linear", "Linear probe"}}};
  const std::size_t plus = key.find('+');
  const std::string_view name = key.substr(0, plus);
  const auto known = std::ranges::find(titles, name, [](const auto& entry) { return entry.first; });
  return std::string(known == titles.end() ? name : known->second) + (plus == std::string_view::npos ? "" : " + MAO");
}

/// The settings by their paths, `/method/k`, without those that say where things lie, which data set it is, or what
/// each data set has of its own. Runs with the same ones are runs of one method.
inline nlohmann::json method_settings(const nlohmann::json& settings) {
  static const std::set<std::string> left_out{
      "/data/data",        "/data/root",     "/data/classnames", "/data/template", "/data/templates",
      "/data/shot_seed",   "/model/weights", "/model/minilm",    "/model/vocab",   "/method/zero_shot_template",
      "/model_fingerprint"};
  const nlohmann::json flat = settings.flatten();
  nlohmann::json kept = nlohmann::json::object();
  for (const auto& [path, value] : flat.items()) {
    const bool of_the_runs =
        path.rfind("/seeds", 0) == 0 || path.rfind("/targets", 0) == 0 || path.rfind("/images", 0) == 0;
    const bool usual = value.is_null() || value == "" || (path == "/data/classes" && value == "base-new");
    if (!of_the_runs && !usual && !left_out.contains(path)) kept[path] = value;
  }
  return kept;
}

/// A setting in words: `4 shots`, `K = 8`, `similarity clip`.
inline std::string setting_words(const std::string& path, const nlohmann::json& value) {
  const std::string name = path.substr(path.rfind('/') + 1);
  std::string text = value.is_string() ? value.get<std::string>() : value.is_null() ? "default" : value.dump();
  if (path == "/model/model") text = std::filesystem::path(text).filename().string();
  if (path == "/data/shots") return text + (text == "1" ? " shot" : " shots");
  if (path == "/method/k") return text == "0" ? "K auto" : "K = " + text;
  if (path == "/data/classes") return text == "all" ? "all classes" : "base to new";
  if (path == "/model/model" || path == "/model/precision") return text;
  if (path == "/method/steps") {
    if (text == "joined") return "one classifier for all classes";
    if (text == "joined-new") return "one classifier for all classes with a plain first stage";
    return text + (text == "both" ? " stages" : " stage only");
  }
  std::string words = name;
  std::ranges::replace(words, '_', ' ');
  const bool is_default = value == 0 && (path == "/method/epochs" || path == "/method/lr" || path == "/method/batch");
  return is_default ? "default " + words : words + " " + text;
}

}  // namespace mao
