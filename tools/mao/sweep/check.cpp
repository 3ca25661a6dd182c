// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <CLI/CLI.hpp>

#include <mao/core/error.hpp>

#include "commands.hpp"
#include "config_file.hpp"
#include "nearest_name.hpp"
#include "sweep/check.hpp"
#include "tune/presets.hpp"
#include "tune/settings.hpp"

namespace mao_program {

void check_settings(const RunSettings& run);  // of method.hpp, which brings the whole library

namespace {

/// A parser that knows `mao tune` and runs nothing.
class TuneParser {
  struct Parsed {};

 public:
  TuneParser() {
    add_tune(app_, ignored_);
    app_.parse_complete_callback([] { throw Parsed(); });  // all options were read, and the command comes next
  }

  CLI::App& command() { return *app_.get_subcommand("tune"); }

  void parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "tune");
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    try {
      app_.parse(std::move(arguments));
    } catch (const Parsed&) {
    }
  }

  /// What the last `parse` did not know, as it is in the file, each with the option that is nearest.
  std::string unknown_options() {
    std::vector<std::string> names;
    for (const CLI::Option* option : command().get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back(name);
    }
    std::string text = "mao tune has no option";
    for (const std::string& word : command().remaining()) {
      if (!word.starts_with("--")) continue;
      const std::string given = word.substr(2, word.find('=') - 2);
      const auto near = nearest_name(given, names);
      text += " " + given + (near ? " (did you mean " + *near + "?)" : "");
    }
    return text;
  }

 private:
  CLI::App app_{"", "mao"};
  int ignored_ = 0;
};

/// The settings that the options stand for; what only says how to run is skipped.
RunSettings settings_of(std::vector<std::string> arguments) {
  CLI::App app("", "tune");
  RunSettings settings;
  app.allow_extras();
  add_data_options(app, settings.data);
  add_model_options(app, settings.model);
  add_training_options(app, settings.method);
  app.add_option("--targets", settings.targets);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(std::move(arguments));
  return settings;
}

}  // namespace

std::set<std::string> options_with_several_values() {
  std::set<std::string> names;
  TuneParser parser;
  for (const CLI::Option* option : parser.command().get_options()) {
    if (option->get_items_expected_max() > 1 && option->get_allow_extra_args()) {
      for (const std::string& name : option->get_lnames()) names.insert(name);
    }
  }
  return names;
}

void check_runs(const std::vector<SweepRun>& runs, const std::string& file) {
  TuneParser parser;
  for (const SweepRun& run : runs) {
    const auto refuse = [&](const std::string& why, const char* more = "") {
      throw mao::OptionError(mao::text_of(file, ": run ", run.name, ": ", why, more));
    };
    try {
      OptionPlaces places;
      const auto arguments = with_preset(with_config(run.arguments(), places));
      parser.parse(arguments);
      check_settings(settings_of(arguments));
    } catch (const CLI::ExtrasError&) {
      refuse(parser.unknown_options(), "; names of options are those of `mao tune --help`, without --");
    } catch (const CLI::ParseError& error) {
      refuse(error.what());
    } catch (const mao::Error& error) {
      refuse(error.what());
    }
  }
}

}  // namespace mao_program
