// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The work of a sweep on disk: what every worker on every machine reads.

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

#include "runs/json_checksum.hpp"
#include "sweep/grid.hpp"

namespace mao_program {

/// DIR/sweep.json.
struct WorkList {
  std::string directory;    ///< where runs are started, so that relative paths mean the same for all workers
  int cpu_threads = 1;      ///< of each run: the same for all, since sums may depend on it in their last bits
  int retry = 0;            ///< how often a run that failed is tried again
  double stale_after = 60;  ///< seconds without a sign of life from a worker, after which its run is taken over
  std::vector<SweepRun> runs;
  std::vector<SweepRun> former;  ///< runs that the file no longer names; their folders stay
};

namespace detail {

inline nlohmann::ordered_json to_json(const SweepRun& run) {
  nlohmann::ordered_json settings = nlohmann::ordered_json::object();
  for (const SweepSetting& setting : run.settings) {
    const auto& values = setting.values;
    settings[setting.option] = values.size() == 1 ? nlohmann::ordered_json(values[0]) : nlohmann::ordered_json(values);
  }
  nlohmann::ordered_json object{
      {"run", run.name}, {"section", run.section}, {"settings", settings}, {"seed", run.seed}};
  if (!run.idle.empty()) object["idle"] = run.idle;
  return object;
}

inline SweepRun run_from_json(const nlohmann::ordered_json& object) {
  SweepRun run{.name = object.at("run"), .section = object.at("section"), .settings = {}, .seed = object.at("seed")};
  for (const auto& [option, value] : object.at("settings").items()) {
    run.settings.push_back({.option = option,
                            .values = value.is_array() ? value.get<std::vector<std::string>>()
                                                       : std::vector<std::string>{value.get<std::string>()}});
  }
  run.idle = object.value("idle", run.idle);
  return run;
}

/// A list of objects, one per line.
inline std::string lines_of(const std::vector<SweepRun>& runs) {
  std::string text;
  for (const SweepRun& run : runs) text += (text.empty() ? "\n    " : ",\n    ") + to_json(run).dump();
  return "[" + text + "]";
}

}  // namespace detail

/// The list as text with a checksum, the same for the same list.
inline std::string text_of_list(const WorkList& list) {
  const auto quoted = [](const std::string& text) { return nlohmann::json(text).dump(); };
  return mao::with_checksum(
      "{\n  \"directory\": " + quoted(list.directory) + ",\n  \"cpu_threads\": " + std::to_string(list.cpu_threads) +
      ",\n  \"retry\": " + std::to_string(list.retry) +
      ",\n  \"stale_after\": " + nlohmann::json(list.stale_after).dump() +
      ",\n  \"runs\": " + detail::lines_of(list.runs) + ",\n  \"former\": " + detail::lines_of(list.former) + "\n}\n");
}

/// **Throws** `FileError`, `FormatError`.
inline WorkList read_work_list(const std::filesystem::path& file) {
  const std::string text = mao::read_text_file(file);
  auto content = nlohmann::json::parse(text, nullptr, false);
  mao::expect_unchanged(content, file.string(), "remove it, the runs stay");
  try {
    const auto object = nlohmann::ordered_json::parse(text);
    WorkList list{.directory = object.at("directory"),
                  .cpu_threads = object.at("cpu_threads"),
                  .retry = object.at("retry"),
                  .stale_after = object.at("stale_after"),
                  .runs = {},
                  .former = {}};
    for (const auto& run : object.at("runs")) list.runs.push_back(detail::run_from_json(run));
    for (const auto& run : object.at("former")) list.former.push_back(detail::run_from_json(run));
    return list;
  } catch (const nlohmann::json::exception&) {
    throw mao::FormatError(
        mao::text_of(file.string(),
                     " is not the work list of a sweep: it is not JSON, or a part is "
                     "missing or of another kind; expected what `mao sweep` wrote; remove it, the runs stay"));
  }
}

namespace detail {

/// `k = 4, lr = 0.1`: what one run has and another does not.
inline std::string only_in(const SweepRun& run, const SweepRun& other) {
  std::string text;
  for (const SweepSetting& setting : run.settings) {
    if (std::find(other.settings.begin(), other.settings.end(), setting) != other.settings.end()) continue;
    text += (text.empty() ? "" : ", ") + setting.option + " = " + setting.text();
  }
  return text.empty() ? "none of these" : text;
}

}  // namespace detail

/// Puts the runs of the sweep's file into the list. A run that is known keeps its folder; one that is not named any
/// more becomes a former one.
///
/// **Throws** `OptionError` when a new run would come into the folder of a former one: the file was changed in a
/// setting that no name shows.
inline void update_runs(WorkList& list, const std::vector<SweepRun>& runs, const std::string& folder) {
  std::map<std::string, SweepRun> known, by_name;  // by identity, by name
  for (const auto* part : {&list.former, &list.runs}) {
    for (const SweepRun& run : *part) by_name[run.name] = known[run.identity()] = run;
  }
  std::set<std::string> wanted, names;
  for (const SweepRun& run : runs) wanted.insert(run.identity());
  for (const auto& [identity, run] : known) names.insert(run.name);
  list = {list.directory, list.cpu_threads, list.retry, list.stale_after, {}, {}};
  for (SweepRun run : runs) {
    if (const auto before = known.find(run.identity()); before != known.end()) {
      run.name = before->second.name;
    } else if (const auto other = by_name.find(run.name); other != by_name.end()) {
      mao::require<mao::OptionError>(
          wanted.contains(other->second.identity()), folder, "/", run.name,
          " belongs to a run with other settings (there: ", detail::only_in(other->second, run),
          "; now: ", detail::only_in(run, other->second), "); choose another --out, or remove ", folder,
          " to start again");
      const std::string name = run.name;
      for (int i = 2; names.contains(run.name); ++i) run.name = name + "-" + std::to_string(i);
    }
    names.insert(run.name);
    list.runs.push_back(std::move(run));
  }
  for (const auto& [identity, run] : known) {
    if (!wanted.contains(identity)) list.former.push_back(run);
  }
}

}  // namespace mao_program
