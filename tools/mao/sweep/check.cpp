// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include <CLI/CLI.hpp>

#include <mao/core/error.hpp>

#include "config_file.hpp"
#include "decimal_numbers.hpp"
#include "methods/check_settings.hpp"
#include "nearest_name.hpp"
#include "sweep/check.hpp"
#include "tune/presets.hpp"
#include "tune/settings.hpp"

namespace mao_program {

namespace {

/// The options of `mao tune`, which runs nothing here.
struct TuneParser {
  RunSettings settings;
  RunOptions options;
  CLI::App app{"", "tune"};

  TuneParser() {
    add_tune_options(app, settings, options);
    expect_decimal_numbers(app);
  }

  GivenOptions parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    app.parse(std::move(arguments));
    return take_preset(app, settings.method);
  }

  /// What `parse` did not know, as it is in the file, each with the option that is nearest.
  std::string unknown_options() {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back(name);
    }
    std::string text = "mao tune has no option";
    for (const std::string& word : app.remaining()) {
      if (!word.starts_with("--")) continue;
      const std::string given = word.substr(2, word.find('=') - 2);
      text += " " + given + did_you_mean(given, names);
    }
    return text;
  }
};

/// Folders and tables call runs as their section is called: that of a method's name is of that method. **Throws**
/// `OptionError`.
void expect_method_of_section(const SweepRun& run, const MethodSettings& settings) {
  const std::string called = run.section.substr(0, run.section.find('+'));
  require<OptionError>(called == settings.name || !is_method(called), "its section [", run.section,
                       "] has the name of the method ", called, ", but the run's method is ", settings.name,
                       "; add method = \"", called, "\" to the section, or give it another name");
  require<OptionError>(settings.mao || !run.section.ends_with("+mao"), "its section [", run.section,
                       "] is called as one with MAO, but the run is without; add mao = true to the section, or give it "
                       "another name");
}

/// Why options of a run do nothing, by their names in the file of the sweep.
using IdleReasons = std::map<std::string, std::string>;

/// **Throws** `OptionError` for an option of the run's own `config` file.
IdleReasons idle_in(const SweepRun& run, GivenOptions given, const RunSettings& settings) {
  const RunFacts facts = facts_of(settings);
  IdleReasons idle;
  for (const SweepSetting& setting : run.settings) {
    const std::string option = "--" + setting.option;
    if (setting.option.starts_with("set.")) {
      given.method_options.erase(setting.option.substr(4));
      const auto found = facts.idle_method_options.find(setting.option.substr(4));
      if (found != facts.idle_method_options.end()) idle.insert({setting.option, found->second});
    } else if (given.options.erase(option) > 0) {
      if (const std::string why = idle_reason(option, facts); !why.empty()) idle.insert({setting.option, why});
    }
  }
  refuse_idle_options(given, {facts});
  return idle;
}

/// The sweep's part of what `check_options` does for one run.
class IdleInSweep {
 public:
  explicit IdleInSweep(std::string file) : file_(std::move(file)) {}

  void add(const SweepRun& run, const IdleReasons& idle) {
    for (const SweepSetting& setting : run.settings) {
      const auto why = idle.find(setting.option);
      Entry& entry = entries_[{setting.line, setting.option}];
      entry.acts = entry.acts || why == idle.end();
      if (why == idle.end()) continue;
      entry.reason = why->second;
      require<OptionError>(!setting.varies, file_, ":", setting.line, ": ", setting.option,
                           " varies, but would be ignored in run ", run.name, ": ", why->second,
                           "; leave such runs out with `exclude`, or give them a section of their own");
    }
  }

  void refuse() const {
    for (const auto& [place, entry] : entries_) {
      require<OptionError>(entry.acts, file_, ":", place.first, ": ", idle_sentence(place.second, entry.reason));
    }
  }

 private:
  struct Entry {
    std::string reason;
    bool acts = false;
  };

  std::string file_;
  std::map<std::pair<int, std::string>, Entry> entries_;  ///< by line and option
};

/// What is wrong with a run, in words; empty when nothing is, and `idle` then has its options that do nothing.
std::string fault_of(const SweepRun& run, IdleReasons& idle) {
  TuneParser parser;
  try {
    for (const SweepSetting& setting : run.settings) {
      const bool off = setting.values == std::vector<std::string>{"false"} && !setting.option.starts_with("set.");
      if (off) expect_flag(parser.app, "--" + setting.option);
    }
    OptionPlaces places;
    const GivenOptions given = parser.parse(with_config(run.arguments(), places));
    check_settings(parser.settings);
    expect_method_of_section(run, parser.settings.method);
    idle = idle_in(run, given, parser.settings);
  } catch (const CLI::ExtrasError&) {
    return parser.unknown_options() + "; names of options are those of `mao tune --help`, without --";
  } catch (const CLI::RequiredError& error) {
    if (!parser.app.remaining().empty()) return parser.unknown_options();
    return text_of(error.what(), "; for example data = \"sketch\"");
  } catch (const CLI::ParseError& error) {
    return error.what();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// The line of the setting that alone, beside the data, makes the same fault; 0 where it takes several.
int line_of(const std::string& fault, const SweepRun& run) {
  for (const SweepSetting& setting : run.settings) {
    SweepRun alone = run;
    std::erase_if(alone.settings,
                  [&](const SweepSetting& other) { return other.option != "data" && other.option != setting.option; });
    IdleReasons unused;
    if (fault_of(alone, unused) == fault) return setting.line;
  }
  return 0;
}

}  // namespace

std::set<std::string> options_with_several_values() {
  std::set<std::string> names;
  TuneParser parser;
  for (const CLI::Option* option : parser.app.get_options()) {
    if (option->get_items_expected_max() > 1 && option->get_allow_extra_args()) {
      for (const std::string& name : option->get_lnames()) names.insert(name);
    }
  }
  return names;
}

void check_runs(std::vector<SweepRun>& runs, const std::string& file) {
  IdleInSweep all(file);
  for (SweepRun& run : runs) {
    IdleReasons idle;
    const std::string fault = fault_of(run, idle);
    if (!fault.empty()) {
      const int line = line_of(fault, run);
      throw OptionError(text_of(file, ":", line > 0 ? text_of(line, ":") : "", " run ", run.name, ": ", fault));
    }
    all.add(run, idle);
    for (const auto& [option, why] : idle) run.idle.insert(option);
  }
  all.refuse();
}

}  // namespace mao_program
