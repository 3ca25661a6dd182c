// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From the file of a sweep to its runs: every combination of the values that are lists, once for each seed.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>

#include "sweep/toml_file.hpp"

namespace mao_program {

/// An option of `mao tune`, without --, and its value; more than one only where the option takes several at once.
struct SweepSetting {
  std::string option;
  std::vector<std::string> values;
  int line = 0;         ///< in the file of the sweep; 0 when it is not known
  bool varies = false;  ///< the file has a list, each value of which makes runs of its own

  [[nodiscard]] std::string text() const {
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : " ") + value;
    return joined;
  }
  bool operator==(const SweepSetting& other) const { return option == other.option && values == other.values; }
};

/// Options that decide no number: they may change while a sweep continues.
inline bool says_how_to_run(const std::string& option) {
  static const std::set<std::string> options{"device", "threads",     "cache-mib", "feature-cache",
                                             "quiet",  "stale-after", "alone"};
  return options.contains(option);
}

/// One run of a sweep.
struct SweepRun {
  std::string name;                    ///< of its folder
  std::string section;                 ///< empty for a file without sections
  std::vector<SweepSetting> settings;  ///< in the order of the file
  std::string seed;
  std::set<std::string> idle = {};  ///< options that do nothing in this run but act in others of the file

  /// What makes two runs the same, whatever the order in which their settings stand.
  [[nodiscard]] std::string identity() const {
    std::set<std::string> sorted;
    for (const SweepSetting& setting : settings) {
      if (!says_how_to_run(setting.option)) sorted.insert(setting.option + "=" + setting.text());
    }
    std::string text = section + "\nseed=" + seed;
    for (const std::string& setting : sorted) text += "\n" + setting;
    return text;
  }

  /// As they stand behind `mao tune`.
  [[nodiscard]] std::vector<std::string> arguments() const {
    std::vector<std::string> list;
    for (const SweepSetting& setting : settings) {
      const auto& [option, values, line, varies] = setting;
      const bool flag = values == std::vector<std::string>{"true"};
      if (idle.contains(option)) continue;
      if (option.starts_with("set.")) {
        list.insert(list.end(), {"--set", option.substr(4) + "=" + values.at(0)});
      } else if (values != std::vector<std::string>{"false"}) {
        list.push_back("--" + option);
        if (!flag) list.insert(list.end(), values.begin(), values.end());
      }
    }
    list.insert(list.end(), {"--seeds", seed});
    return list;
  }
};

namespace detail {

/// `data=sketch, k=8`: runs with all of these are left out.
struct Exclusion {
  std::string text;
  int line = 0;
  std::vector<std::pair<std::string, std::string>> terms;
  mutable bool used = false;

  [[nodiscard]] bool matches(const SweepRun& run) const {
    return std::all_of(terms.begin(), terms.end(), [&](const auto& term) {
      if (term.first == "seed") return run.seed == term.second;
      if (term.first == "section") return run.section == term.second;
      return std::any_of(run.settings.begin(), run.settings.end(), [&](const SweepSetting& setting) {
        return setting.option == term.first && setting.text() == term.second;
      });
    });
  }
};

inline std::string trimmed(std::string text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), is_space));
  text.erase(std::find_if_not(text.rbegin(), text.rend(), is_space).base(), text.end());
  return text;
}

inline Exclusion read_exclusion(const std::string& text, int line, const std::string& file) {
  Exclusion exclusion{.text = text, .line = line, .terms = {}};
  std::size_t start = 0;
  while (start <= text.size()) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string term = text.substr(start, end - start);
    const auto equals = term.find('=');
    mao::require<mao::FormatError>(equals != std::string::npos, file, ":", line, ": exclude \"", text,
                                   "\"; expected \"name=value, name=value\": the runs that have all of these");
    exclusion.terms.emplace_back(trimmed(term.substr(0, equals)), trimmed(term.substr(equals + 1)));
    start = end + 1;
  }
  return exclusion;
}

/// A part of a folder's name: letters, digits and a few signs.
inline std::string for_folder(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("+-.=").find(c) != std::string_view::npos;
    name += plain ? c : '-';
  }
  return name.substr(0, 60);
}

/// What a setting adds to the name of its run. Data sets and methods are known by their values alone.
inline std::string name_part(const std::string& option, const std::string& value) {
  if (value == "true") return for_folder(option);
  if (value == "false") return for_folder("no-" + option);
  if (option == "data") {
    const std::string path = value.substr(0, value.find_last_not_of('/') + 1);
    return for_folder(path.substr(path.rfind('/') + 1));
  }
  if (option == "method" || option == "preset") return for_folder(value);
  return for_folder((option.starts_with("set.") ? option.substr(4) : option) + "-" + value);
}

/// The lists of one section, those of the whole file first.
class SectionGrid {
 public:
  /// `several`: options that take several values at once, so that a list is one value.
  SectionGrid(const TomlSection& common, const TomlSection& section, const std::set<std::string>& several,
              std::string file)
      : name_(section.name), file_(std::move(file)), several_(several) {
    for (const TomlEntry& entry : common.entries) add(entry);
    if (&common != &section) {
      for (const TomlEntry& entry : section.entries) add(entry);
    }
  }

  [[nodiscard]] std::vector<SweepRun> runs() const {
    check_count();
    SweepRun run;
    run.section = name_;
    std::vector<SweepRun> list;
    expand(0, run, list);
    return list;
  }

 private:
  void add(TomlEntry entry) {
    if (entry.name == "learner") entry.name = "method";  // what it was called before
    check(entry);
    if (entry.name == "exclude") return;
    if (entry.name == "seeds") {
      seeds_ = entry.values;
      return;
    }
    const auto same = [&](const TomlEntry& before) { return before.name == entry.name; };
    const auto before = std::find_if(axes_.begin(), axes_.end(), same);
    if (before == axes_.end()) {
      axes_.push_back(std::move(entry));
    } else {
      *before = std::move(entry);
    }
  }

  void check(const TomlEntry& entry) const {
    const auto need = [&](bool ok, const auto&... parts) {
      mao::require<mao::FormatError>(ok, file_, ":", entry.line, ": ", parts...);
    };
    need(entry.name != "out",
         "\"out\": a sweep gives each run a folder of its own; say where with --out on the command line");
    need(entry.name != "take-over", "\"take-over\": a worker takes the runs over that are left behind; leave it out");
    need(entry.name != "set", "\"set\"; expected set.NAME = VALUE, an option of the method (`mao methods`)");
    need(entry.name.find('.') == std::string::npos || entry.name.starts_with("set."), "\"", entry.name,
         "\"; only set.NAME has a point in its name");
    need(!says_how_to_run(entry.name) || entry.values.size() == 1, entry.name,
         " is a list, but it only says how to run; give one value (GPUs are shared out by --devices)");
    std::set<std::string> seen;
    for (const std::string& value : entry.values) {
      need(seen.insert(value).second, entry.name, " has the value ", value, " twice; each makes a run of its own");
    }
  }

  /// A product of many lists would fill the memory before anything is said.
  void check_count() const {
    constexpr double most = 100'000;
    double count = static_cast<double>(seeds_.size());
    for (const TomlEntry& entry : axes_) {
      if (!several_.contains(entry.name)) count *= static_cast<double>(entry.values.size());
    }
    mao::require<mao::FormatError>(count <= most, file_, ": the lists", name_.empty() ? "" : " of [", name_,
                                   name_.empty() ? "" : "]", " make ", count, " runs; at most ", most,
                                   " are done in one sweep: take values out, or divide it into several files");
  }

  void expand(std::size_t axis, SweepRun& run, std::vector<SweepRun>& list) const {
    if (axis == axes_.size()) {
      for (const std::string& seed : seeds_) {
        list.push_back(run);
        list.back().seed = seed;
        list.back().name = folder_name(list.back());
      }
      return;
    }
    const TomlEntry& entry = axes_[axis];
    const bool whole = several_.contains(entry.name);
    for (std::size_t i = 0; i < (whole ? 1 : entry.values.size()); ++i) {
      run.settings.push_back({.option = entry.name,
                              .values = whole ? entry.values : std::vector<std::string>{entry.values[i]},
                              .line = entry.line,
                              .varies = !whole && entry.values.size() > 1});
      expand(axis + 1, run, list);
      run.settings.pop_back();
    }
  }

  [[nodiscard]] std::string folder_name(const SweepRun& run) const {
    std::string name = for_folder(run.section);
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const bool always = axes_[i].name == "data" || (name_.empty() && axes_[i].name == "method");
      const bool varies = axes_[i].is_list && !several_.contains(axes_[i].name);
      if (varies || always) name += (name.empty() ? "" : "_") + name_part(axes_[i].name, run.settings[i].text());
    }
    name = name.substr(0, 180) + (name.empty() ? "" : "_") + "seed" + for_folder(run.seed);
    return name.front() == '.' || name.front() == '-' ? "run" + name : name;
  }

  std::string name_, file_;
  std::set<std::string> several_;
  std::vector<TomlEntry> axes_;
  std::vector<std::string> seeds_{"1", "2", "3"};  // as `mao tune`
};

/// Excludes of the whole file, or of one section.
inline std::vector<Exclusion> exclusions_of(const TomlSection& section, const std::string& file) {
  std::vector<Exclusion> list;
  for (const TomlEntry& entry : section.entries) {
    if (entry.name != "exclude") continue;
    for (const std::string& text : entry.values) list.push_back(read_exclusion(text, entry.line, file));
  }
  return list;
}

inline void remove_excluded(std::vector<SweepRun>& runs, const std::vector<Exclusion>& exclusions) {
  std::erase_if(runs, [&](const SweepRun& run) {
    bool out = false;
    for (const Exclusion& exclusion : exclusions) {
      if (!exclusion.matches(run)) continue;
      exclusion.used = out = true;
    }
    return out;
  });
}

inline void check_used(const std::vector<Exclusion>& exclusions, const std::string& file) {
  for (const Exclusion& exclusion : exclusions) {
    mao::require<mao::FormatError>(exclusion.used, file, ":", exclusion.line, ": exclude \"", exclusion.text,
                                   "\" leaves out no run; expected values as they are in the file, and names of "
                                   "options, seed or section");
  }
}

}  // namespace detail

/// The runs of a sweep's file in its order: section by section, later options faster, seeds fastest. `several` names
/// the options that take several values at once, so that a list of them is one value.
///
/// **Throws** `FormatError` naming file and line. Whether the options exist is not looked at.
inline std::vector<SweepRun> expand_grid(const std::vector<TomlSection>& file, const std::string& name,
                                         const std::set<std::string>& several = {}) {
  const auto common = detail::exclusions_of(file.front(), name);
  std::vector<SweepRun> all;
  for (std::size_t i = file.size() > 1 ? 1 : 0; i < file.size(); ++i) {
    auto runs = detail::SectionGrid(file.front(), file[i], several, name).runs();
    detail::remove_excluded(runs, common);
    if (i > 0) {
      const auto own = detail::exclusions_of(file[i], name);
      detail::remove_excluded(runs, own);
      detail::check_used(own, name);
    }
    all.insert(all.end(), runs.begin(), runs.end());
  }
  detail::check_used(common, name);
  mao::require<mao::FormatError>(!all.empty(), name, ": no run is left; see its `exclude`");
  std::map<std::string, int> times;
  for (SweepRun& run : all) {  // names that became the same when signs were replaced
    if (const int before = times[run.name]++; before > 0) run.name += "-" + std::to_string(before + 1);
  }
  return all;
}

}  // namespace mao_program
