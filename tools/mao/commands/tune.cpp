// SPDX-License-Identifier: Apache-2.0
// mao tune: train a method on few shots of the base classes, plain or with MAO, and test on base and new classes.
#include <CLI/CLI.hpp>

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include <mao/io/text_file.hpp>
#include <mao/parallel/workers.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "methods/check_settings.hpp"
#include "tune/next_steps.hpp"
#include "tune/presets.hpp"
#include "tune/tune_run.hpp"
#include "tune/workers.hpp"

namespace mao_program {

namespace {

void print_next_steps(const RunSettings& settings, const RunOptions& options) {
  const auto file = std::filesystem::path(options.out) / "results.json";
  const auto results = nlohmann::json::parse(read_text_file(file), nullptr, false);
  if (!results.is_object()) return;
  const MethodSettings& method = settings.method;
  print_next_steps(std::cout << '\n', options.out, method.name, method.mao, results, Colours::of(STDOUT_FILENO));
}

/// In this process, or with those that a launcher started beside it.
int run_together(RunSettings& settings, RunOptions& options) {
  try {
    const JoinedProcesses joined(settings, options, options.alone);
    const int status = run_tune(settings, options, joined.workers());
    if (status == 0 && !options.quiet && is_first(joined.workers().get())) print_next_steps(settings, options);
    return status;
  } catch (const StoppedWaiting& stopped) {  // the others may be gone, but this is what was asked for
    std::cerr << "mao: " << stopped.what() << std::endl;
    return stopped_status;
  }
}

}  // namespace

void add_tune(CLI::App& app, int& status) {
  auto settings = std::make_shared<RunSettings>();
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = add_command(app, "tune", "train a method, plain or with MAO, and test on base and new classes");
  add_tune_options(*command, *settings, *options);
  command->callback([command, settings, options, &status] {
    stop_on_signals();
    const GivenOptions given = take_preset(*command, settings->method);
    check_options(given, {*settings});
    status = run_together(*settings, *options);
  });
}

}  // namespace mao_program
