// SPDX-License-Identifier: Apache-2.0
// mao tune: train a learner on few shots of the base classes, plain or with MAO, and test on base and new classes.
#include <memory>

#include "commands.hpp"
#include "interrupt.hpp"
#include "tune_run.hpp"
#include "workers.hpp"

namespace mao_program {

void add_tune(CLI::App& app, int& status) {
  auto settings = std::make_shared<RunSettings>();
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      app.add_subcommand("tune", "train a learner, plain or with MAO, and test on base and new classes");
  add_data_options(*command, settings->data);
  add_run_options(*command, *settings, *options);
  command->add_option("--targets", settings->targets,
                      "test the prompts on all classes of these data sets too, by name or path");
  command->add_option("--out", options->out, "folder of the run; the same command goes on with an interrupted one")
      ->capture_default_str();
  auto alone = std::make_shared<bool>(false);
  command->add_flag("--alone", *alone,
                    "do not train together with the processes that a launcher started with this one");
  command
      ->add_option("--rank-timeout", options->rank_timeout,
                   "seconds in which each of several processes has to come, and to answer; more, and the others end")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  command->callback([settings, options, alone, &status] {
    stop_on_signals();
    const JoinedProcesses joined(*settings, *options, *alone);
    status = run_tune(*settings, *options, joined.workers());
  });
}

}  // namespace mao_program
