// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Finished and unfinished runs as they are in their folders, and where such folders are.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/core/error.hpp>
#include <mao/io/files.hpp>

#include "runs/former_names.hpp"
#include "runs/json_checksum.hpp"

namespace mao {

inline constexpr double not_tested = std::numeric_limits<double>::quiet_NaN();

/// Accuracies in percent; NaN for what was not tested.
struct BaseNewScores {
  double base = not_tested, fresh = not_tested, h = not_tested;
};

/// Accuracy of each class by its name, in percent; NaN for a class without test images.
using ClassAccuracies = std::map<std::string, double>;

/// An epoch, from metrics.jsonl.
struct EpochRecord {
  std::uint64_t seed = 0;
  std::string stage;  ///< plain, base or new
  std::int64_t epoch = 0, epochs = 0;
  double loss = not_tested, accuracy = not_tested, learning_rate = not_tested;
};

/// One seed of a run.
struct SeedRecord {
  std::uint64_t seed = 0;
  std::filesystem::path folder;     ///< may lack everything but its name
  BaseNewScores paper{}, single{};  ///< each stage's own prompts; the new-stage prompts for both
  BaseNewScores first{};            ///< the prompts of the first stage for both
  double source = not_tested;       ///< of a transfer run
  std::map<std::string, double> targets{};
  ClassAccuracies base_classes{}, new_classes{};
};

/// The untuned model on the same test images.
struct ZeroShotRecord {
  BaseNewScores scores;
  ClassAccuracies base_classes{}, new_classes{};
  std::map<std::string, double> targets{};
};

/// A run folder.
struct RunRecord {
  std::filesystem::path folder;
  nlohmann::json settings;
  bool finished = false;  ///< results.json is there
  bool transfer = false;  ///< tested on other data sets
  std::vector<SeedRecord> seeds{};
  std::vector<EpochRecord> epochs{};
  std::optional<ZeroShotRecord> zero_shot{};
  std::vector<std::string> edited{};  ///< files, or lines of them, that were edited or damaged after mao wrote them
};

namespace detail {

inline constexpr const char* damaged_file_advice =
    "; restore the file from a copy, or name only the folders of other runs";

/// A file with a wrong checksum is added to `edited`.
inline nlohmann::json read_json_file(const std::filesystem::path& file, std::vector<std::string>& edited) {
  const std::string text = read_text_file(file);
  auto value = nlohmann::json::parse(text, nullptr, false);
  const std::string came = text.empty()           ? " is empty"
                           : value.is_discarded() ? " is not JSON"
                                                  : text_of(" holds JSON of the kind ", value.type_name());
  require<FormatError>(value.is_object(), file.string(), came, "; expected the object that mao writes there",
                       damaged_file_advice);
  if (!take_checksum(value).right()) edited.push_back(file.string());
  return value;
}

/// A number, NaN when it is null or missing.
inline double number_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : not_tested;
}

inline BaseNewScores scores_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return {};
  return {number_of(*found, "base"), number_of(*found, "new"), number_of(*found, "h")};
}

/// Names and numbers; anything that is not a number is NaN. Empty when there is no such object.
inline std::map<std::string, double> numbers_of(const nlohmann::json& object, const char* key) {
  std::map<std::string, double> numbers;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return numbers;
  for (const auto& [name, value] : found->items()) numbers[name] = number_of(*found, name.c_str());
  return numbers;
}

inline void take_classes(const nlohmann::json& object, ClassAccuracies& base, ClassAccuracies& fresh) {
  const auto found = object.find("per_class");
  if (found == object.end() || !found->is_object()) return;
  base = numbers_of(*found, "base");
  fresh = numbers_of(*found, "new");
}

/// An entry of per_seed of results.json, or seedN/result.json.
inline void take_seed(const nlohmann::json& object, SeedRecord& seed) {
  if (object.contains("paper")) seed.paper = scores_of(object, "paper");
  if (object.contains("single")) seed.single = scores_of(object, "single");
  if (object.contains("first")) seed.first = scores_of(object, "first");
  if (object.contains("source")) seed.source = number_of(object, "source");
  if (object.contains("targets")) seed.targets = numbers_of(object, "targets");
  take_classes(object, seed.base_classes, seed.new_classes);
}

/// The record of that seed, made when it is missing.
inline SeedRecord& seed_of(RunRecord& run, std::uint64_t seed) {
  const auto found = std::ranges::find(run.seeds, seed, &SeedRecord::seed);
  if (found != run.seeds.end()) return *found;
  return run.seeds.emplace_back(SeedRecord{.seed = seed, .folder = run.folder / text_of("seed", seed)});
}

inline void take_results(const nlohmann::json& results, RunRecord& run) {
  run.finished = true;
  run.transfer = results.value("protocol", std::string()) == "transfer";
  const auto per_seed = results.find("per_seed");
  if (per_seed != results.end() && per_seed->is_array()) {
    for (const auto& entry : *per_seed) take_seed(entry, seed_of(run, entry.value("seed", std::uint64_t{0})));
  }
  const auto zero_shot = results.find("zero_shot");
  if (zero_shot == results.end() || !zero_shot->is_object()) return;
  run.zero_shot.emplace();
  if (run.transfer) {
    run.zero_shot->targets = numbers_of(results, "zero_shot");
  } else {
    run.zero_shot->scores = scores_of(results, "zero_shot");
  }
}

/// zero_shot.json.
inline void take_zero_shot(const nlohmann::json& zero_shot, RunRecord& run) {
  if (!run.zero_shot) run.zero_shot.emplace();
  if (zero_shot.contains("base")) run.zero_shot->scores = scores_of({{"all", zero_shot}}, "all");
  take_classes(zero_shot, run.zero_shot->base_classes, run.zero_shot->new_classes);
}

/// `take()`, which reads values of a file. **Throws** `FormatError` naming the file if one is missing or of another
/// kind.
template <class Take>
void take_from(const std::filesystem::path& file, const Take& take) {
  try {
    take();
  } catch (const nlohmann::json::exception&) {
    throw FormatError(text_of(file.string(), ": a value is missing, or of another kind than mao writes there, such as ",
                              "a text for a number", damaged_file_advice));
  }
}

/// Results of seeds that are done, whether or not the run is.
inline void take_seed_folders(RunRecord& run) {
  for (const auto& entry : std::filesystem::directory_iterator(run.folder)) {
    const std::string name = entry.path().filename().string();
    const bool numbered = name.rfind("seed", 0) == 0 && name.size() > 4 && name.size() < 24 &&
                          name.find_first_not_of("0123456789", 4) == std::string::npos;
    if (!numbered || !entry.is_directory()) continue;
    if (!std::filesystem::exists(entry.path() / "result.json")) continue;
    const auto file = entry.path() / "result.json";
    take_from(file, [&] { take_seed(read_json_file(file, run.edited), seed_of(run, std::stoull(name.substr(4)))); });
  }
  std::ranges::sort(run.seeds, {}, &SeedRecord::seed);
}

/// Lines that are whole; the last one may be half-written while a run continues.
inline std::vector<EpochRecord> read_epochs(const std::filesystem::path& file, std::vector<std::string>& edited) {
  std::vector<EpochRecord> epochs;
  std::istringstream lines(read_text_file(file));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    auto object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object() || !object.contains("epoch")) continue;
    if (!take_checksum(object).right()) edited.push_back(text_of(file.string(), ":", number));
    take_from(text_of(file.string(), ":", number), [&] {
      epochs.push_back({object.value("seed", std::uint64_t{0}), object.value("stage", std::string("plain")),
                        object.value("epoch", std::int64_t{0}), object.value("epochs", std::int64_t{0}),
                        number_of(object, "loss"), number_of(object, "accuracy"), number_of(object, "learning_rate")});
    });
  }
  return epochs;
}

/// Asks for the settings by which runs are named and grouped.
inline void look_at_settings(const nlohmann::json& settings) {
  const auto &data = settings.at("data"), &method = settings.at("method");
  static_cast<void>(data.value("data", std::string()));
  static_cast<void>(method.value("name", std::string()));
  static_cast<void>(method.value("steps", std::string()));
  static_cast<void>(method.value("mao", false));
}

}  // namespace detail

/// Reads a run folder. What is missing stays empty; what is there and cannot be read is an error. What can be read and
/// has a wrong checksum is in `edited`.
///
/// **Throws** `FileError` when it is not a run folder, `FormatError` naming a file of it that is not what it should be.
inline RunRecord read_run(const std::filesystem::path& folder) {
  require<FileError>(std::filesystem::exists(folder / "config.json"), folder.string(),
                     " is not a run folder; expected config.json in it, as `mao tune --out` leaves it");
  RunRecord run{.folder = folder, .settings = {}};
  run.settings = with_current_names(detail::read_json_file(folder / "config.json", run.edited));
  for (const char* part : {"data", "method"}) {
    require<FormatError>(run.settings.contains(part) && run.settings.at(part).is_object(),
                         (folder / "config.json").string(), " has no settings of the ", part,
                         "; expected what `mao tune` writes there", detail::damaged_file_advice);
  }
  detail::take_from(folder / "config.json", [&] { detail::look_at_settings(run.settings); });
  if (const auto file = folder / "results.json"; std::filesystem::exists(file)) {
    detail::take_from(file, [&] { detail::take_results(detail::read_json_file(file, run.edited), run); });
  }
  detail::take_seed_folders(run);
  if (const auto file = folder / "metrics.jsonl"; std::filesystem::exists(file)) {
    run.epochs = detail::read_epochs(file, run.edited);
  }
  if (const auto file = folder / "zero_shot.json"; std::filesystem::exists(file)) {
    detail::take_from(file, [&] { detail::take_zero_shot(detail::read_json_file(file, run.edited), run); });
  }
  return run;
}

}  // namespace mao
