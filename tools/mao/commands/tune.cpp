// SPDX-License-Identifier: Apache-2.0
// mao tune: train a method on few shots of the base classes, plain or with MAO, and test on base and new classes.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <memory>

#include <mao/io/text_file.hpp>
#include <mao/parallel/workers.hpp>

#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "tune/next_steps.hpp"
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

}  // namespace

void add_tune(CLI::App& app, int& status) {
  auto settings = std::make_shared<RunSettings>();
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("tune", "train a method, plain or with MAO, and test on base and new classes");
  add_data_options(*command, settings->data);
  add_run_options(*command, *settings, *options);
  command->add_option("--targets", settings->targets,
                      "test the prompts on all classes of these data sets too, by name or path");
  command->add_option("--out", options->out, "folder of the run; the same command resumes an interrupted one")
      ->capture_default_str();
  auto alone = std::make_shared<bool>(false);
  command->add_flag("--alone", *alone,
                    "do not train together with the processes that a launcher started with this one");
  command
      ->add_option("--rank-timeout", options->rank_timeout,
                   "seconds that several processes wait for each other, at the start and in each step, before they end")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  command->callback([settings, options, alone, &status] {
    stop_on_signals();
    const JoinedProcesses joined(*settings, *options, *alone);
    status = run_tune(*settings, *options, joined.workers());
    if (status == 0 && !options->quiet && is_first(joined.workers().get())) print_next_steps(*settings, *options);
  });
}

}  // namespace mao_program
