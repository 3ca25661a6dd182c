// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The commands of the program `mao`. Each is one source file that adds a subcommand to the parser; the subcommand's
/// callback does the work and sets `status`, which becomes the exit code.

#include <string>

namespace CLI {
class App;
}

namespace mao_program {

/// A new subcommand. By this function the parser's own code is compiled once, not in every command.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& summary);

/// `mao replay DIR...`: compares the library with traces of the reference implementations.
void add_replay(CLI::App& app, int& status);

/// `mao tune`: trains a method on few shots and tests base and new classes.
void add_tune(CLI::App& app, int& status);

/// `mao add RUN --classes-file FILE --out FILE`: a further group of classes beside those of a tuned run.
void add_add(CLI::App& app, int& status);

/// `mao base2new`, `few-shot`, `cross-dataset`, `domain-generalisation`: series of runs as the papers report them.
void add_protocols(CLI::App& app, int& status);

/// `mao plan`: how long a run takes and what it needs, from a few measured steps.
void add_plan(CLI::App& app, int& status);

/// `mao sweep FILE`: many runs by many workers.
void add_sweep(CLI::App& app, int& status);

/// `mao eval PROMPTS`: tests learned prompts on images.
void add_eval(CLI::App& app, int& status);

/// `mao predict IMAGE...`: classifies images with learned prompts or by class names.
void add_predict(CLI::App& app, int& status);

/// `mao encode --out FILE`: features of pictures and texts.
void add_encode(CLI::App& app, int& status);

/// `mao datasets`, `mao datasets check ROOT`: the data sets that have names, and whether they are complete.
void add_datasets(CLI::App& app, int& status);

/// `mao summarize RUNS...`: results as one table, and one list of runs against another.
void add_summarize(CLI::App& app, int& status);

/// `mao report RUNS...`: one HTML page about runs.
void add_report(CLI::App& app, int& status);

/// `mao methods [NAME]`: the methods, or the options of one.
void add_methods(CLI::App& app, int& status);

/// `mao models`: the families of models that are read, and the files that each needs.
void add_models(CLI::App& app, int& status);

/// `mao presets [NAME]`: settings of published rows, with their sources.
void add_presets(CLI::App& app, int& status);

/// `mao export PROMPTS OUT`: class weights for any CLIP pipeline.
void add_export(CLI::App& app, int& status);

/// `mao convert IN OUT`: prompts to and from the reference implementations' checkpoints.
void add_convert(CLI::App& app, int& status);

/// `mao completion SHELL`: a script that completes commands and options.
void add_completion(CLI::App& app, int& status);

/// `mao inspect FILE`: what a checkpoint, prompts file or tensor file holds.
void add_inspect(CLI::App& app, int& status);

}  // namespace mao_program
