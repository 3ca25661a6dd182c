// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <limits>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include <mao/evaluation/metrics.hpp>
#include <mao/io/files.hpp>

#include <nlohmann/json.hpp>

#include "report/text_table.hpp"
#include "runs/json_checksum.hpp"
#include "sweep/collect.hpp"

namespace mao_program {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// The results file of a run without what is about several seeds: a run of a sweep has one.
json results_of(const SweepFolder& folder, const SweepRun& run) {
  json results = json::parse(mao::read_text_file(folder.results(run)), nullptr, false);
  mao::require<mao::FormatError>(results.is_object(), folder.results(run).string(),
                                 " is not a JSON object; remove it, the run then resumes");
  mao::expect_unchanged(results, folder.results(run).string(), "remove it, the run then resumes");
  results.erase("per_seed");
  const auto without_deviation = [](auto& self, json& value) -> void {
    if (!value.is_object()) return;
    value.erase("std");
    for (auto& [name, inner] : value.items()) self(self, inner);
  };
  without_deviation(without_deviation, results);
  return results;
}

/// Place of a column: the groups and figures that are looked at first.
int rank(const std::string& name) {
  static const std::vector<std::string> order{"paper", "single", "first", "source", "targets", "zero_shot"};
  static const std::vector<std::string> figures{"base", "new", "h"};
  const auto place = [](const std::vector<std::string>& list, const std::string& word) {
    return static_cast<int>(std::ranges::find(list, word) - list.begin());
  };
  return 10 * place(order, name.substr(0, name.find('.'))) + place(figures, name.substr(name.rfind('.') + 1));
}

/// Every number by its path, `paper.base`; NaN for null, which stands for "not tested".
void flatten(const json& value, const std::string& path, std::map<std::string, double>& numbers) {
  if (value.is_object()) {
    for (const auto& [name, inner] : value.items()) flatten(inner, path.empty() ? name : path + "." + name, numbers);
  } else if (value.is_number() || value.is_null()) {
    numbers[path] = value.is_number() ? value.get<double>() : not_a_number;
  }
}

/// A run with its numbers.
struct Collected {
  SweepRun run;
  RunStatus status;
  json results;
  std::map<std::string, double> numbers;
};

std::vector<Collected> collect(const SweepFolder& folder, const WorkList& list) {
  std::vector<Collected> all;
  mao::LeaseWatch watch;
  for (const SweepRun& run : list.runs) {
    Collected one{.run = run, .status = folder.status(list, run, watch), .results = {}, .numbers = {}};
    if (one.status.state == RunState::Done) {
      one.results = results_of(folder, run);
      flatten(one.results, "", one.numbers);
    }
    all.push_back(std::move(one));
  }
  return all;
}

/// The runs that differ in their seeds alone.
struct SeedGroup {
  std::vector<const Collected*> runs;

  /// Mean and deviation of a figure; NaN when a run lacks it. The papers' H is that of the mean Base and the mean New;
  /// that over all classes is a mean over seeds, as in results.json.
  [[nodiscard]] mao::MeanStd figure(const std::string& name) const {
    std::vector<double> values;
    for (const Collected* one : runs) {
      const auto found = one->numbers.find(name);
      if (found == one->numbers.end() || std::isnan(found->second)) return {not_a_number, not_a_number};
      values.push_back(found->second);
    }
    mao::MeanStd result = mao::mean_std(values);
    if (name.ends_with(".h") && !name.starts_with("all_classes.")) {
      const std::string group = name.substr(0, name.size() - 1);
      result.mean = mao::harmonic_mean(figure(group + "base").mean, figure(group + "new").mean);
    }
    return result;
  }
};

/// Groups of runs that are done, in the order of the work list.
std::vector<SeedGroup> by_seed(const std::vector<Collected>& all) {
  std::vector<SeedGroup> groups;
  std::map<std::string, std::size_t> places;
  for (const Collected& one : all) {
    if (one.status.state != RunState::Done) continue;
    SweepRun without_seed = one.run;
    without_seed.seed.clear();
    const auto [place, is_new] = places.emplace(without_seed.identity(), groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].runs.push_back(&one);
  }
  return groups;
}

std::vector<std::string> columns_of(const std::vector<Collected>& all) {
  std::set<std::string> names;
  for (const Collected& one : all) {
    for (const auto& [name, value] : one.numbers) names.insert(name);
  }
  std::vector<std::string> columns(names.begin(), names.end());
  std::ranges::stable_sort(columns, {}, rank);
  return columns;
}

/// Settings by name, in the order in which the work list first names them.
std::vector<std::string> settings_of(const std::vector<Collected>& all) {
  std::vector<std::string> names;
  for (const Collected& one : all) {
    for (const SweepSetting& setting : one.run.settings) {
      const bool known = std::ranges::find(names, setting.option) != names.end();
      if (!known && !says_how_to_run(setting.option)) names.push_back(setting.option);
    }
  }
  return names;
}

std::string value_of(const SweepRun& run, const std::string& option) {
  for (const SweepSetting& setting : run.settings) {
    if (setting.option == option) return setting.text();
  }
  return "";
}

/// A run without what decides no number, so that results on other devices are the same.
ordered_json run_json(const SweepRun& run) {
  ordered_json object = detail::to_json(run);
  for (const SweepSetting& setting : run.settings) {
    if (says_how_to_run(setting.option)) object.at("settings").erase(setting.option);
  }
  return object;
}

std::string results_json(const std::vector<Collected>& all) {
  ordered_json runs = ordered_json::array(), means = ordered_json::array();
  for (const Collected& one : all) {
    const bool done = one.status.state == RunState::Done;
    ordered_json object = run_json(one.run);
    object["status"] = done ? "done" : "failed";
    if (!done) object["error"] = one.status.error;
    if (done) object["results"] = one.results;
    runs.push_back(std::move(object));
  }
  for (const SeedGroup& group : by_seed(all)) {
    ordered_json mean = ordered_json::object(), deviation = ordered_json::object(), seeds = ordered_json::array();
    for (const Collected* one : group.runs) seeds.push_back(one->run.seed);
    for (const auto& [name, value] : group.runs.front()->numbers) {
      const mao::MeanStd figure = group.figure(name);
      mean[name] = figure.mean;  // NaN is written as null
      deviation[name] = figure.deviation;
    }
    means.push_back({{"section", group.runs.front()->run.section},
                     {"settings", run_json(group.runs.front()->run).at("settings")},
                     {"seeds", seeds},
                     {"mean", mean}});
    if (group.runs.size() > 1) means.back()["std"] = deviation;
  }
  return ordered_json{{"runs", runs}, {"means", means}}.dump(2) + "\n";
}

mao::TextTable results_table(const std::vector<Collected>& all) {
  const auto settings = settings_of(all), columns = columns_of(all);
  mao::TextTable table;
  table.header = {"run", "section", "seed"};
  table.header.insert(table.header.end(), settings.begin(), settings.end());
  table.header.push_back("status");
  table.header.insert(table.header.end(), columns.begin(), columns.end());
  for (const Collected& one : all) {
    std::vector<std::string> row{one.run.name, one.run.section, one.run.seed};
    for (const std::string& option : settings) row.push_back(value_of(one.run, option));
    row.push_back(one.status.state == RunState::Done ? "done" : "failed");
    for (const std::string& column : columns) {
      const auto found = one.numbers.find(column);
      const bool there = found != one.numbers.end() && !std::isnan(found->second);
      row.push_back(there ? json(found->second).dump() : "");
    }
    table.add(std::move(row));
  }
  return table;
}

/// The figures that runs are compared by: those of the paper's protocol, or of a transfer.
std::vector<std::pair<std::string, std::string>> main_figures(const std::vector<std::string>& columns) {
  std::vector<std::pair<std::string, std::string>> figures;
  const auto add = [&](const std::string& column, const std::string& title) {
    if (std::ranges::find(columns, column) != columns.end()) figures.emplace_back(column, title);
  };
  add("paper.base", "Base");
  add("paper.new", "New");
  add("paper.h", "H");
  add("source.accuracy", "Source");
  for (const std::string& column : columns) {
    if (!column.starts_with("targets.") || !column.ends_with(".accuracy")) continue;
    add(column, column.substr(8, column.size() - 8 - 9));
  }
  return figures;
}

/// The run's name without its seed.
std::string group_name(const SweepRun& run) {
  const std::string end = "seed" + detail::for_folder(run.seed);
  const auto at = run.name.rfind(end);
  if (at == std::string::npos || at == 0) return run.name;
  return run.name.substr(0, at - 1);
}

}  // namespace

std::string headline(const SweepFolder& folder, const SweepRun& run) {
  std::map<std::string, double> numbers;
  flatten(results_of(folder, run), "", numbers);
  std::vector<std::string> columns;
  for (const auto& [name, value] : numbers) columns.push_back(name);
  std::ostringstream text;
  text << std::fixed << std::setprecision(2);
  for (const auto& [column, title] : main_figures(columns)) {
    if (!std::isnan(numbers.at(column)))
      text << (text.str().empty() ? ":  " : "  ") << title << " " << numbers.at(column);
  }
  return text.str();
}

void write_results(const SweepFolder& folder, const WorkList& list) {
  const auto all = collect(folder, list);
  const std::string object = mao::with_checksum(results_json(all)), table = mao::csv_text(results_table(all));
  mao::write_file_atomically(folder.path() / "results.json", [&](std::ostream& out) { out << object; });
  mao::write_file_atomically(folder.path() / "results.csv", [&](std::ostream& out) { out << table; });
}

void print_summary(std::ostream& out, const SweepFolder& folder, const WorkList& list) {
  const auto all = collect(folder, list);
  const auto figures = main_figures(columns_of(all));
  const auto groups = by_seed(all);
  std::size_t width = 10;
  for (const SeedGroup& group : groups) width = std::max(width, group_name(group.runs.front()->run).size());
  out << std::fixed << std::setprecision(2);
  for (const SeedGroup& group : groups) {
    out << std::left << std::setw(static_cast<int>(width)) << group_name(group.runs.front()->run) << std::right;
    for (const auto& [column, title] : figures) {
      const mao::MeanStd figure = group.figure(column);
      if (std::isnan(figure.mean)) continue;
      out << "   " << title << " " << std::setw(6) << figure.mean;
      if (group.runs.size() > 1) out << " +- " << std::setw(4) << figure.deviation;
    }
    out << "   (" << group.runs.size() << (group.runs.size() == 1 ? " seed)\n" : " seeds)\n");
  }
}

}  // namespace mao_program
