// SPDX-License-Identifier: Apache-2.0
#include "methods/check_settings.hpp"

#include <cmath>
#include <set>

#include <mao/data/registry.hpp>
#include <mao/tuner/concepts.hpp>

#include "data/labelled_images.hpp"
#include "methods/registry.hpp"
#include "tune/optimizers.hpp"

namespace mao_program {

namespace {

void check_numbers(const RunSettings& run) {
  for (const double value : {run.method.lr, run.method.new_lr, run.method.adam_epsilon, run.method.sam_radius}) {
    require<OptionError>(std::isfinite(value), "--lr, --new-lr, --adam-epsilon, --sam-radius: one of them is ", value,
                         "; expected a number such as 0.002");
  }
  const std::set<std::uint64_t> different(run.seeds.begin(), run.seeds.end());
  require<OptionError>(different.size() == run.seeds.size(), "--seeds: a seed is given twice; expected each once");
}

/// Settings that exclude class-specific contexts.
void check_class_specific(const RunSettings& run) {
  const MethodSettings& settings = run.method;
  if (!settings.is_class_specific()) return;
  require<OptionError>(run.targets.empty(),
                       "--class-specific: such prompts cannot be bound to the classes of --targets");
  const auto init = settings.options.find("init");
  require<OptionError>(init != settings.options.end() && init->second.empty(),
                       "--class-specific has no effect with --context-init \"",
                       init == settings.options.end() ? "a photo of a" : init->second,
                       "\" (as in CoOp); add --context-init \"\" for a random start");
  require<OptionError>(!run.has_new_stage(),
                       "--class-specific: such prompts cannot be bound to new classes, so MAO's new stage is not "
                       "possible; add --labeler none for its base stage only");
}

/// The options of the method, read.
OptionReader read_options(const MethodInfo& info, const MethodSettings& settings) {
  OptionReader reader(settings.options);
  info.describe(reader);
  return reader;
}

}  // namespace

bool is_method(const std::string& name) { return methods().contains(name); }

void check_settings(const RunSettings& run) {
  const MethodSettings& settings = run.method;
  check_numbers(run);
  require<OptionError>(run.has_new_classes() || settings.steps != "new",
                       "--class-split all leaves no new classes for --steps new; leave one of them out");
  require<OptionError>(
      !settings.joins_classes() || run.has_new_classes(),
      "--recipe all-classes joins base and new classes, and --class-split all leaves no new ones; leave "
      "one of them out");
  if (settings.name == "zero-shot") {
    require<OptionError>(!settings.joins_classes(),
                         "--method zero-shot tunes nothing, so --recipe all-classes has nothing to join; choose a "
                         "method of `mao methods`, or leave --recipe out");
    require<OptionError>(settings.options.empty() && !settings.mao,
                         "--method zero-shot tunes nothing: --mao and --set have no effect");
    return;
  }
  const MethodInfo& info = method_named(settings.name);
  read_options(info, settings).finish(info.name);
  if (settings.mao) {
    expect_mining(info.traits, (settings.joins_classes() ? "--recipe all-classes with " : "--mao with ") + info.name);
  }
  require<OptionError>(!settings.joins_classes() || !settings.is_class_specific(),
                       "--recipe all-classes: class-specific prompts cannot be bound to new classes; leave "
                       "--class-specific out");
  check_class_specific(run);
}

RunFacts facts_of(const RunSettings& run) {
  RunFacts facts{.run = run, .is_rendered = is_rendered(run.data.data)};
  facts.has_files = !facts.is_rendered;
  facts.is_named = find_named(run.data.data) != nullptr;
  for (const std::string& target : run.targets) {
    facts.has_files |= !is_rendered(target);
    facts.is_named |= find_named(target) != nullptr;
  }
  if (run.method.name == "zero-shot") return facts;
  const MethodInfo& info = method_named(run.method.name);
  facts.has_epsilon = optimizer_of(run.method, info.optimizer).kind != OptimizerKind::Sgd;
  if (info.traits.brings_negatives) facts.own_batch = info.name;
  if (info.traits.ignores_labels) facts.own_loss = info.name;
  facts.idle_method_options = read_options(info, run.method).idle();
  return facts;
}

void check_options(const GivenOptions& given, const std::vector<RunSettings>& runs) {
  std::vector<RunFacts> facts;
  for (const RunSettings& run : runs) {
    check_settings(run);
    facts.push_back(facts_of(run));
  }
  refuse_idle_options(given, facts);
}

}  // namespace mao_program
