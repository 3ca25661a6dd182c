// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Runs put together: seeds of one method on one data set, data sets of one method, methods beside each other.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <mao/evaluation/metrics.hpp>

#include <nlohmann/json.hpp>

#include "report/score_statistics.hpp"
#include "runs/run_names.hpp"
#include "runs/run_record.hpp"

namespace mao {

/// One method: the runs that share all settings but data set and seeds.
struct MethodSummary {
  std::string key;            ///< of published rows: `coop+mao`
  std::string title;          ///< `CoOp + MAO`
  std::string variant{};      ///< what sets it apart from others of that title: `4 shots`
  nlohmann::json settings{};  ///< `method_settings` of its runs
  std::map<std::string, std::vector<const RunRecord*>> runs{};  ///< by data set
  std::map<std::string, ScoreStatistics> scores{};              ///< by data set

  [[nodiscard]] std::string label() const { return variant.empty() ? title : title + ", " + variant; }
};

/// What a list of runs comes to.
struct Summary {
  std::vector<std::string> data_sets;  ///< titles, in the order of the papers
  std::vector<MethodSummary> methods;  ///< zero-shot first
};

/// Whether any number is a mean over several seeds, so that there are deviations.
inline bool has_several_seeds(const Summary& summary) {
  return std::ranges::any_of(summary.methods, [](const MethodSummary& method) {
    return std::ranges::any_of(method.scores, [](const auto& entry) { return entry.second.seeds.size() > 1; });
  });
}

/// Which numbers of a seed: `&SeedRecord::paper`, or `&SeedRecord::single`.
using ScoreProtocol = BaseNewScores SeedRecord::*;

/// The average row: means over the data sets, H of these means; deviations over the seeds that all data sets have.
/// Nothing when the method lacks one of the data sets, so that averages of different methods compare.
inline std::optional<ScoreStatistics> average_scores(const MethodSummary& method,
                                                     const std::vector<std::string>& data_sets) {
  std::vector<double> base, fresh;
  std::map<std::uint64_t, BaseNewScores> seeds;
  std::map<std::uint64_t, std::size_t> met;
  const auto count = static_cast<double>(data_sets.size());
  for (const std::string& data_set : data_sets) {
    const auto found = method.scores.find(data_set);
    if (found == method.scores.end()) return std::nullopt;
    base.push_back(found->second.base.mean);
    fresh.push_back(found->second.fresh.mean);
    for (const auto& [seed, scores] : found->second.seeds) {
      auto& sum = seeds.try_emplace(seed, BaseNewScores{0, 0, 0}).first->second;
      sum.base += scores.base / count;
      sum.fresh += scores.fresh / count;
      ++met[seed];
    }
  }
  if (base.empty()) return std::nullopt;
  std::erase_if(seeds, [&](const auto& entry) { return met[entry.first] != data_sets.size(); });
  ScoreStatistics result = score_statistics(std::move(seeds));
  result.base.mean = mean_std(base).mean;
  const bool tested = std::ranges::all_of(fresh, [](double value) { return std::isfinite(value); });
  result.fresh.mean = tested ? mean_std(fresh).mean : not_tested;
  result.h.mean = tested ? harmonic_mean(result.base.mean, result.fresh.mean) : not_tested;
  return result;
}

namespace detail {

/// The deepest folder that both paths begin with.
inline std::filesystem::path common_ancestor(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::filesystem::path common;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end() && *x == *y; ++x, ++y) common /= *x;
  return common;
}

/// The title of the data set of a run.
inline std::string data_set_of(const RunRecord& run) {
  const auto data = run.settings.value("data", nlohmann::json::object());
  return data_set_title(data.value("data", std::string("?")));
}

inline MethodSummary& method_of(Summary& summary, const RunRecord& run) {
  const auto settings = method_settings(run.settings);
  const auto found = std::ranges::find(summary.methods, settings, &MethodSummary::settings);
  if (found != summary.methods.end()) return *found;
  const std::string key = method_key(run.settings);
  return summary.methods.emplace_back(MethodSummary{.key = key, .title = method_title(key), .settings = settings});
}

/// The deepest folder that holds, or is, the folder of every run of the method; empty without runs.
inline std::filesystem::path common_folder(const MethodSummary& method) {
  std::filesystem::path common;
  for (const auto& [data_set, runs] : method.runs) {
    for (const RunRecord* run : runs) {
      common = common.empty() ? run->folder : common_ancestor(common, run->folder);
    }
  }
  return common;
}

/// Adds to labels that are alike the folders of the methods' runs, as far as these differ.
inline void name_folders(std::vector<MethodSummary>& methods) {
  std::map<std::string, std::vector<MethodSummary*>> by_label;
  for (MethodSummary& method : methods) by_label[method.label()].push_back(&method);
  for (const auto& [label, same] : by_label) {
    if (same.size() < 2) continue;
    std::filesystem::path above = common_folder(*same.front());
    for (const MethodSummary* method : same) above = common_ancestor(above, common_folder(*method));
    for (MethodSummary* method : same) {
      const std::string folder = common_folder(*method).lexically_relative(above).generic_string();
      if (!folder.empty()) method->variant += (method->variant.empty() ? "" : ", ") + folder;
    }
  }
}

/// Names what sets methods of the same title apart: settings, and the folders of runs if that is not enough.
inline void name_variants(std::vector<MethodSummary>& methods) {
  for (MethodSummary& method : methods) {
    method.variant.clear();
    std::set<std::string> paths;
    for (const MethodSummary& other : methods) {
      if (other.title != method.title) continue;
      for (const auto& [path, value] : other.settings.items()) {
        const bool same = method.settings.contains(path) && method.settings.at(path) == value;
        if (!same) paths.insert(path);
      }
      for (const auto& [path, value] : method.settings.items()) {
        if (!other.settings.contains(path)) paths.insert(path);
      }
    }
    for (const std::string& path : paths) {
      method.variant += method.variant.empty() ? "" : ", ";
      method.variant += setting_words(path, method.settings.value(path, nlohmann::json()));
    }
  }
  name_folders(methods);
}

/// Runs of one method side by side, without MAO first, in the order of their shots and K.
inline void sort_methods(std::vector<MethodSummary>& methods) {
  const auto name_of = [](const MethodSummary& method) { return method.key.substr(0, method.key.find('+')); };
  std::vector<std::string> names;
  for (const MethodSummary& method : methods) names.push_back(name_of(method));
  const auto number = [](const MethodSummary& method, const char* path) {
    const auto found = method.settings.find(path);
    return found != method.settings.end() && found->is_number() ? found->get<double>() : 0.0;
  };
  std::ranges::stable_sort(methods, {}, [&](const MethodSummary& method) {
    const auto place = std::ranges::find(names, name_of(method)) - names.begin();
    return std::tuple(place, method.key, number(method, "/data/shots"), number(method, "/method/k"));
  });
}

/// The untuned model, from the runs of one model and one choice of classes.
inline std::vector<MethodSummary> zero_shot_methods(const std::vector<MethodSummary>& methods) {
  std::vector<MethodSummary> result;
  for (const MethodSummary& method : methods) {
    nlohmann::json settings = nlohmann::json::object();
    for (const char* path : {"/model/model", "/model/precision", "/data/classes"}) {
      if (method.settings.contains(path)) settings[path] = method.settings.at(path);
    }
    for (const auto& [data_set, runs] : method.runs) {
      const auto known = std::ranges::find_if(
          runs, [](const RunRecord* run) { return run->zero_shot && std::isfinite(run->zero_shot->scores.base); });
      if (known == runs.end()) continue;
      auto found = std::ranges::find(result, settings, &MethodSummary::settings);
      if (found == result.end()) {
        result.push_back({.key = "zero-shot", .title = method_title("zero-shot"), .settings = settings});
        found = result.end() - 1;
      }
      found->scores.try_emplace(data_set, score_statistics({{0, (*known)->zero_shot->scores}}));
    }
  }
  return result;
}

inline std::map<std::uint64_t, BaseNewScores> seed_scores(const std::vector<const RunRecord*>& runs,
                                                          ScoreProtocol protocol) {
  std::map<std::uint64_t, BaseNewScores> seeds;
  for (const RunRecord* run : runs) {
    for (const SeedRecord& seed : run->seeds) {
      if (std::isfinite((seed.*protocol).base)) seeds.try_emplace(seed.seed, seed.*protocol);
    }
  }
  return seeds;
}

}  // namespace detail

/// Runs by their settings, data sets in the order of the papers, without scores. The runs have to outlive the groups.
inline Summary group_runs(const std::vector<const RunRecord*>& runs) {
  Summary groups;
  std::set<std::string> data_sets;
  for (const RunRecord* run : runs) {
    const std::string data_set = detail::data_set_of(*run);
    data_sets.insert(data_set);
    detail::method_of(groups, *run).runs[data_set].push_back(run);
  }
  detail::name_variants(groups.methods);
  detail::sort_methods(groups.methods);
  groups.data_sets.assign(data_sets.begin(), data_sets.end());
  sort_data_sets(groups.data_sets);
  return groups;
}

/// Scores of runs by method and data set; seeds of several runs of the same settings and data set are pooled, the first
/// one that has a seed counts. The runs have to outlive the summary. Transfer runs are left to `summarize_transfer`.
inline Summary summarize(const std::vector<RunRecord>& runs, ScoreProtocol protocol = &SeedRecord::paper) {
  std::vector<const RunRecord*> chosen;
  for (const RunRecord& run : runs) {
    if (!run.transfer) chosen.push_back(&run);
  }
  Summary summary = group_runs(chosen);
  for (MethodSummary& method : summary.methods) {
    for (const auto& [data_set, of_it] : method.runs) {
      auto seeds = detail::seed_scores(of_it, protocol);
      if (!seeds.empty()) method.scores[data_set] = score_statistics(std::move(seeds));
    }
  }
  if (std::ranges::find(summary.methods, "zero-shot", &MethodSummary::key) == summary.methods.end()) {
    auto zero_shot = detail::zero_shot_methods(summary.methods);
    detail::name_variants(zero_shot);
    summary.methods.insert(summary.methods.begin(), zero_shot.begin(), zero_shot.end());
  }
  return summary;
}

}  // namespace mao
