// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Options that a command would not use, refused by name.

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include <mao/core/error.hpp>

#include "tune/settings.hpp"

namespace mao_program {

/// **Throws** `OptionError` for one of these options on the command line, which has no use for it.
inline void refuse_options(const CLI::App& command, const std::vector<std::string>& names, const std::string& reason) {
  for (const std::string& name : names) {
    require<OptionError>(command.get_option(name)->count() == 0, name, " would be ignored: ", reason, "; leave it out");
  }
}

/// One option that a model has no use for.
struct IdleOption {
  std::string name, reason;
};

/// The options of `add_model_options` that the model has no use for; `ranks`: MiniLM ranks hard negatives.
inline std::vector<IdleOption> idle_model_options(const std::string& model, bool ranks = false) {
  const bool mobilenet = model == "mobilenet-minilm", checkpoint = !mobilenet && model != "embedded";
  std::vector<IdleOption> idle;
  if (!mobilenet && !ranks) {
    idle.push_back({"--minilm", "only --model mobilenet-minilm, and MAO with --similarity minilm, use that model"});
  }
  if (checkpoint) idle.push_back({"--weights", "--model " + model + " is where the weights are"});
  if (mobilenet) {
    for (const char* name : {"--vocab", "--activation"}) idle.push_back({name, "mobilenet-minilm is no CLIP"});
  }
  return idle;
}

/// **Throws** `OptionError` for an option of the model on the command line that the model has no use for.
inline void refuse_idle_model_options(const CLI::App& command, const ModelSettings& settings) {
  for (const IdleOption& idle : idle_model_options(settings.model)) refuse_options(command, {idle.name}, idle.reason);
}

/// The same of settings, wherever they were given.
inline void refuse_idle_model_settings(const RunSettings& run) {
  const std::string& similarity = run.method.similarity;
  const bool ranks =
      run.method.mao && (similarity == "minilm" || (similarity == "auto" && run.model.model != "embedded"));
  for (const IdleOption& idle : idle_model_options(run.model.model, ranks)) {
    const bool given = idle.name == "--minilm"    ? !run.model.minilm.empty()
                       : idle.name == "--weights" ? !run.model.weights.empty()
                       : idle.name == "--vocab"   ? !run.model.vocab.empty()
                                                  : run.model.activation != "auto";
    require<OptionError>(!given, idle.name, " would be ignored: ", idle.reason, "; leave it out");
  }
}

}  // namespace mao_program
