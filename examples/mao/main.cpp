// SPDX-License-Identifier: Apache-2.0
/// \file
/// The program `mao`: the parser, the commands, and how errors end it.

#include "commands.hpp"
#include "config_file.hpp"
#include "presets.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/memory.hpp>
#include <mao/version.hpp>

namespace {

using mao::text_of;

/// A line of usage that fits both an unknown and a missing command.
int help_for(const CLI::App& app, const CLI::ParseError& error) {
  const int code = app.exit(error);
  return code == 0 ? 0 : 2;
}

/// The sections of the list of commands.
void group_commands(CLI::App& app) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> sections{
      {"Train", {"tune", "base2new", "few-shot", "cross-dataset", "domain-generalisation", "sweep", "plan"}},
      {"Use what was learned", {"eval", "predict", "export", "convert"}},
      {"Look at results", {"report", "summarize", "inspect"}},
      {"What there is", {"datasets", "learners", "presets", "replay"}}};
  for (const auto& [section, commands] : sections) {
    for (const std::string& command : commands) app.get_subcommand(command)->group(section);
  }
}

int run(int argc, char** argv) {
  CLI::App app("Prompt tuning of vision-language models (CoOp, MAO, ...)", "mao");
  app.set_version_flag("--version", std::string("mao ") + mao::version);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_help_all_flag("--help-all", "Print the help of every command and exit");
  app.require_subcommand(1);
  // Within a command one line is enough; without one, the list of commands is the answer.
  app.failure_message([](const CLI::App* parsed, const CLI::Error& error) {
    if (parsed->get_subcommands().empty()) return CLI::FailureMessage::help(parsed, error);
    return text_of(error.what(), "\nSee `mao ", parsed->get_subcommands().front()->get_name(), " --help`.\n");
  });
  int status = 0;
  mao_program::add_tune(app, status);
  mao_program::add_protocols(app, status);
  mao_program::add_plan(app, status);
  mao_program::add_sweep(app, status);
  mao_program::add_summarize(app, status);
  mao_program::add_report(app, status);
  mao_program::add_eval(app, status);
  mao_program::add_predict(app, status);
  mao_program::add_inspect(app, status);
  mao_program::add_export(app, status);
  mao_program::add_convert(app, status);
  mao_program::add_datasets(app, status);
  mao_program::add_learners(app, status);
  mao_program::add_presets(app, status);
  mao_program::add_replay(app, status);
  group_commands(app);
  if (argc == 1) {
    std::cout << app.help();
    return 2;
  }
  try {
    auto arguments = mao_program::with_preset(mao_program::with_config({argv + 1, argv + argc}));
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return help_for(app, error);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  mao::keep_freed_memory();
  try {
    return run(argc, argv);
  } catch (const mao::Error& error) {
    std::cerr << "mao: " << error.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "mao: unexpected: " << error.what() << '\n';
  }
  return 1;
}
