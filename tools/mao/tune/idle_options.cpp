// SPDX-License-Identifier: Apache-2.0
#include "tune/idle_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

#include <mao/core/error.hpp>

#include "tune/known_names.hpp"

namespace mao_program {

namespace {

std::string always(const RunFacts&) { return {}; }
std::string how_to_run(const RunFacts&) { return {}; }

std::string no_training(const RunFacts& facts) {
  return facts.run.method.name == "zero-shot" ? "--method zero-shot trains nothing" : std::string();
}

std::string no_mao(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  return facts.run.method.mao ? std::string() : "it has no effect without --mao";
}

std::string no_base_stage(const RunFacts& facts) {
  if (const std::string why = no_mao(facts); !why.empty()) return why;
  return facts.run.method.starts_plain() ? "with --steps new there is no base stage of MAO" : std::string();
}

/// MAO with `--steps` and `--labeler` as they may be.
std::string no_new_classes(const RunFacts& facts) {
  if (const std::string why = no_mao(facts); !why.empty()) return why;
  return facts.run.has_new_classes() ? std::string() : "training is on all classes, so MAO has no new stage";
}

/// Where `--recipe` and `--steps` are both given, `--steps` is "joined" or "joined-new" by now.
std::string other_steps(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  const std::string& steps = facts.run.method.steps;
  return steps == "new" || steps == "base" ? "--steps " + steps + " selects the stages" : std::string();
}

std::string no_labels(const RunFacts& facts) {
  if (const std::string why = no_new_classes(facts); !why.empty()) return why;
  return facts.run.method.steps == "base" ? "with --steps base there is no new stage" : std::string();
}

std::string no_new_stage(const RunFacts& facts) {
  if (const std::string why = no_labels(facts); !why.empty()) return why;
  return facts.run.method.labeler == "none" ? "with --labeler none there is no new stage" : std::string();
}

std::string shot_seed(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  const std::string& file = facts.run.data.shots_file;
  if (file.empty() || file == "saved" || file.find("{seed}") != std::string::npos) return {};
  return "--shots-file " + file + " is one draw for all seeds; write {seed} in its place in the name of the file";
}

std::string shots_file(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  return facts.is_rendered ? "--data " + facts.run.data.data + " is rendered, and its images are drawn by the seed"
                           : std::string();
}

std::string root(const RunFacts& facts) {
  return why_root_is_idle(!facts.has_files, facts.is_named, facts.run.data.data);
}
std::string classnames(const RunFacts& facts) { return why_classnames_are_idle(!facts.has_files); }

std::string adam_epsilon(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  const std::string& optimizer = facts.run.method.optimizer;
  return facts.has_epsilon ? std::string()
                           : (optimizer == "auto" ? "SGD, the optimiser of --method " + facts.run.method.name + ","
                                                  : "--optimizer " + optimizer) +
                                 " has no epsilon";
}

std::string batch(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  return facts.own_batch.empty() ? std::string()
                                 : facts.own_batch + " chooses batch and negatives by the number of classes";
}

std::string similarity(const RunFacts& facts) {
  if (const std::string why = no_base_stage(facts); !why.empty()) return why;
  const std::string& sampler = facts.run.method.sampler;
  return sampler == "auto" ? std::string() : "--sampler " + sampler + " draws the batches";
}

std::string columns(const RunFacts& facts) {
  if (const std::string why = no_base_stage(facts); !why.empty()) return why;
  const std::string& regularizer = facts.run.method.regularizer;
  return regularizer == "auto" ? std::string() : "--regularizer " + regularizer + " says which classes are compared";
}

std::string sampler(const RunFacts& facts) { return batch(facts); }

std::string regularizer(const RunFacts& facts) {
  if (const std::string why = no_training(facts); !why.empty()) return why;
  if (!facts.own_loss.empty()) return facts.own_loss + " has a loss of its own";
  return facts.run.has_new_stage() ? std::string() : batch(facts).empty() ? "" : facts.own_batch + " brings its loss";
}

std::string idle_for_model(const std::string& option, const ModelSettings& settings, bool ranks) {
  const std::string& model = settings.model;
  const bool own = is_one_of(own_model_names(), model);
  const bool mobilenet = model == "mobilenet-minilm";
  if (option == "--minilm" && !mobilenet && !ranks) {
    return "only --model mobilenet-minilm and MAO with --similarity minilm use that model";
  }
  if (option == "--weights" && !mobilenet && !own && !is_embedded(model))
    return "--model " + model + " contains the weights";
  if (mobilenet && (option == "--vocab" || option == "--activation")) return "mobilenet-minilm is not a CLIP";
  if (own && (option == "--vocab" || option == "--activation")) return model + " is a model of this program";
  return {};
}

/// Whether MiniLM ranks hard negatives.
bool ranks_by_minilm(const RunFacts& facts) {
  const std::string& chosen = facts.run.method.similarity;
  const std::string& model = facts.run.model.model;
  const bool by_itself = is_embedded(model) || is_one_of(own_model_names(), model);
  return similarity(facts).empty() && (chosen == "minilm" || (chosen == "auto" && !by_itself));
}

std::string minilm(const RunFacts& facts) {
  return idle_for_model("--minilm", facts.run.model, ranks_by_minilm(facts));
}
std::string weights(const RunFacts& facts) { return idle_for_model("--weights", facts.run.model, false); }
std::string vocab(const RunFacts& facts) { return idle_for_model("--vocab", facts.run.model, false); }
std::string activation(const RunFacts& facts) { return idle_for_model("--activation", facts.run.model, false); }

/// An option, and why it would do nothing.
struct OptionEffect {
  const char* option;
  std::string (*idle)(const RunFacts&);
};

constexpr std::array effects{
    OptionEffect{"--config", always},
    OptionEffect{"--preset", always},
    OptionEffect{"--seeds", always},  // of a zero-shot run too: a row of its results each
    OptionEffect{"--data", always},
    OptionEffect{"--datasets", always},
    OptionEffect{"--source", always},
    OptionEffect{"--targets", always},
    OptionEffect{"--class-split", always},
    OptionEffect{"--root", root},
    OptionEffect{"--classnames", classnames},
    OptionEffect{"--shots", no_training},
    OptionEffect{"--shot-seed", shot_seed},
    OptionEffect{"--shots-file", shots_file},
    OptionEffect{"--augment", no_training},
    OptionEffect{"--views", no_training},
    OptionEffect{"--model", always},
    OptionEffect{"--weights", weights},
    OptionEffect{"--minilm", minilm},
    OptionEffect{"--vocab", vocab},
    OptionEffect{"--activation", activation},
    OptionEffect{"--heads", always},  // and these: a model that has its own refuses them
    OptionEffect{"--mean", always},
    OptionEffect{"--std", always},
    OptionEffect{"--precision", always},
    OptionEffect{"--method", always},
    OptionEffect{"--learner", always},
    OptionEffect{"--set", no_training},
    OptionEffect{"--context-init", no_training},
    OptionEffect{"--context", no_training},
    OptionEffect{"--class-specific", no_training},
    OptionEffect{"--class-position", no_training},
    OptionEffect{"--template", always},  // of the untuned model, which every run tests
    OptionEffect{"--optimizer", no_training},
    OptionEffect{"--adam-epsilon", adam_epsilon},
    OptionEffect{"--sam-radius", no_training},
    OptionEffect{"--epochs", no_training},
    OptionEffect{"--lr", no_training},
    OptionEffect{"--batch", batch},
    OptionEffect{"--mao", no_training},
    OptionEffect{"--recipe", other_steps},
    OptionEffect{"--steps", no_new_classes},
    OptionEffect{"--k", no_base_stage},
    OptionEffect{"--similarity", similarity},
    OptionEffect{"--columns", columns},
    OptionEffect{"--sampler", sampler},
    OptionEffect{"--regularizer", regularizer},
    OptionEffect{"--labeler", no_labels},
    OptionEffect{"--threshold", no_new_stage},
    OptionEffect{"--new-epochs", no_new_stage},
    OptionEffect{"--new-lr", no_new_stage},
    OptionEffect{"--new-batch", no_new_stage},
    OptionEffect{"--out", how_to_run},
    OptionEffect{"--device", how_to_run},
    OptionEffect{"--cuda-graphs", how_to_run},
    OptionEffect{"--memory-limit", how_to_run},
    OptionEffect{"--threads", how_to_run},
    OptionEffect{"--cache-mib", how_to_run},
    OptionEffect{"--feature-cache", how_to_run},
    OptionEffect{"--stale-after", how_to_run},
    OptionEffect{"--take-over", how_to_run},
    OptionEffect{"--quiet", how_to_run},
    OptionEffect{"--alone", how_to_run},
    OptionEffect{"--rank-timeout", how_to_run},
    OptionEffect{"--steps-measured", how_to_run},
    OptionEffect{"--json", how_to_run},
};

const OptionEffect& effect_of(const std::string& option) {
  const auto found = std::ranges::find_if(effects, [&](const OptionEffect& effect) { return effect.option == option; });
  if (found == effects.end()) {
    throw std::logic_error(option + " has no row in tools/mao/tune/idle_options.cpp, the table of when options act");
  }
  return *found;
}

}  // namespace

GivenOptions GivenOptions::of(const CLI::App& command, const MethodSettings& settings) {
  GivenOptions given = of_method(settings);
  for (const CLI::Option* option : command.get_options()) {
    if (option->count() > 0 && !option->get_lnames().empty()) given.options.insert("--" + option->get_lnames().front());
  }
  return given;
}

GivenOptions GivenOptions::of_method(const MethodSettings& settings) {
  GivenOptions given;
  for (const auto& [name, value] : settings.options) given.method_options.insert(name);
  return given;
}

std::vector<std::string> options_with_effect() {
  std::vector<std::string> names;
  for (const OptionEffect& effect : effects) names.emplace_back(effect.option);
  return names;
}

bool only_says_how(const std::string& option) { return effect_of(option).idle == how_to_run; }

std::string idle_reason(const std::string& option, const RunFacts& facts) { return effect_of(option).idle(facts); }

std::string idle_sentence(const std::string& option, const std::string& reason) {
  return mao::text_of(option, " would be ignored: ", reason, "; leave it out");
}

void refuse_idle_options(const GivenOptions& given, const std::vector<RunFacts>& runs) {
  const auto refuse = [&](const std::string& option, const auto& reason_in) {
    const bool acts = std::ranges::any_of(runs, [&](const RunFacts& facts) { return reason_in(facts).empty(); });
    mao::require<mao::OptionError>(acts || runs.empty(), idle_sentence(option, runs.empty() ? "" : reason_in(runs[0])));
  };
  for (const std::string& option : given.options) {
    refuse(option, [&](const RunFacts& facts) { return idle_reason(option, facts); });
  }
  for (const std::string& name : given.method_options) {
    refuse("--set " + name, [&](const RunFacts& facts) {
      const auto found = facts.idle_method_options.find(name);
      return found == facts.idle_method_options.end() ? std::string() : found->second;
    });
  }
}

void refuse_options(const CLI::App& command, const std::vector<std::string>& names, const std::string& reason) {
  for (const std::string& name : names) {
    mao::require<mao::OptionError>(command.get_option(name)->count() == 0, idle_sentence(name, reason));
  }
}

void refuse_idle_model_options(const CLI::App& command, const ModelSettings& settings) {
  for (const char* option : {"--minilm", "--weights", "--vocab", "--activation"}) {
    if (const std::string why = idle_for_model(option, settings, false); !why.empty()) {
      refuse_options(command, {option}, why);
    }
  }
}

std::string why_root_is_idle(bool is_rendered, bool is_named, const std::string& data) {
  std::error_code no_such_path;
  if (is_named || (!is_rendered && !std::filesystem::exists(data, no_such_path))) return {};
  return is_rendered ? "--data " + data + " is rendered, so there is no folder to search"
                     : "--data " + data + " is a path; only named data sets (`mao datasets`) are in a root folder";
}

std::string why_classnames_are_idle(bool is_rendered) {
  return is_rendered ? "rendered images have their own names" : std::string();
}

}  // namespace mao_program
