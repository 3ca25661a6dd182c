// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <iterator>
#include <set>
#include <sstream>

#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/text/mini_lm.hpp>

#include <ATen/core/grad_mode.h>

#include "methods/method.hpp"
#include "tune/idle_options.hpp"
#include "tune/optimizers.hpp"

namespace mao_program {

namespace {

MaoBaseOptions mao_base_options(const RunSettings& settings, std::int64_t base_classes, const TunerOptions& tuner,
                                const std::function<void(const std::string&)>& say) {
  const MethodSettings& chosen = settings.method;
  MaoBaseOptions options;
  const BatchShape shape = automatic_batch(base_classes);
  options.sampler.batch = chosen.batch > 0 ? chosen.batch : shape.batch;
  options.sampler.k = chosen.k > 0 ? chosen.k : shape.k;
  const bool automatic = chosen.batch == 0 && chosen.k == 0;
  const std::string warning =
      automatic ? shape.warning : batch_warning(options.sampler.batch, options.sampler.k, base_classes);
  require<OptionError>(options.sampler.k <= base_classes, "--k ", options.sampler.k, ": there are only ", base_classes,
                       " base classes; expected at most as many, or 0 for a k by their number");
  if (!warning.empty()) say("note: " + warning);
  options.schedule.epochs = chosen.epochs > 0 ? chosen.epochs : options.schedule.epochs;
  options.schedule.learning_rate = chosen.lr > 0 ? chosen.lr : options.schedule.learning_rate;
  if (chosen.columns == "per-image") options.columns = AlterableRegularizer::Columns::PerImage;
  options.tuner = tuner;
  options.tuner.name = chosen.name + " base stage";
  return options;
}

}  // namespace

AnyBackbone make_backbone(const OpenedModel& opened, const ClassList& classes, const MethodSettings& settings,
                          std::uint64_t seed) {
  return make_backbone(method_named(settings.name), {.opened = opened, .classes = classes, .seed = seed},
                       settings.options);
}

AnyBackbone copy_of(AnyBackbone& backbone, const OpenedModel& opened, const MethodSettings& settings) {
  AnyBackbone copy = make_backbone(opened, backbone.classes(), settings, 1);
  const at::NoGradGuard no_graph;
  const ParameterList from = backbone.parameters();
  std::size_t i = 0;
  for (Parameter& parameter : copy.parameters()) parameter.value.copy_(from.at(i++).value);
  TensorMap buffers;
  for (const auto& [name, value] : backbone.buffers()) buffers[name] = value.clone();
  copy.set_buffers(buffers);
  return copy;
}

Similarity make_similarity(const OpenedModel& opened, const RunSettings& settings) {
  const std::string chosen = settings.method.similarity == "auto" ? opened.similarity : settings.method.similarity;
  if (chosen == "clip") return TextTowerSimilarity<AnyModel>(opened.model);
  if (chosen == "minilm") return MiniLm::load(find_mini_lm(settings.model.minilm));
  require<OptionError>(std::filesystem::exists(chosen), "--similarity ", chosen,
                       ": no such file; expected minilm, clip, or a file");
  return FileSimilarity(chosen);
}

namespace {

bool is_class_specific(const MethodSettings& settings) {
  const auto found = settings.options.find("class-specific");
  return found != settings.options.end() && found->second == "true";
}

OptimizerOptions optimizer_of(const MethodSettings& settings, const MethodInfo& info) {
  OptimizerOptions options = info.optimizer;
  if (settings.optimizer != "auto") options = with_optimizer(options, settings.optimizer, "--optimizer");
  options.epsilon = settings.adam_epsilon;
  return options;
}

}  // namespace

namespace {

void check_numbers(const RunSettings& run) {
  for (const double value : {run.method.lr, run.method.new_lr, run.method.adam_epsilon}) {
    require<OptionError>(std::isfinite(value), "--lr, --new-lr, --adam-epsilon: one of them is ", value,
                         "; expected a number such as 0.002");
  }
  const std::set<std::uint64_t> different(run.seeds.begin(), run.seeds.end());
  require<OptionError>(different.size() == run.seeds.size(), "--seeds: a seed is given twice; expected each once");
}

/// Where words start the context, as in CoOp, their number is its length.
void check_context(const OptionReader& reader, const std::map<std::string, std::string>& given) {
  const auto context = given.find("context");
  if (context == given.end()) return;
  std::string init;
  bool is_random_start = false;
  for (const OptionDescription& option : reader.known()) {
    if (option.name == "init") init = given.contains("init") ? given.at("init") : option.fallback;
    if (option.name == "context") is_random_start = option.with_random_start;
  }
  if (!is_random_start || init.empty() || init == "\"\"") return;
  std::istringstream words(init);
  const auto count = std::distance(std::istream_iterator<std::string>(words), std::istream_iterator<std::string>());
  require<OptionError>(context->second == std::to_string(count), "--set context=", context->second,
                       " has no effect beside the words \"", init, "\", which the context starts from (", count,
                       "); add --context-init \"\" for a random start");
}

}  // namespace

void check_settings(const RunSettings& run) {
  const MethodSettings& settings = run.method;
  check_numbers(run);
  refuse_idle_model_settings(run);
  require<OptionError>(run.data.classes != "all" || settings.steps != "new",
                       "--class-split all leaves no new classes for --steps new; leave one of them out");
  if (settings.name == "zero-shot") {
    require<OptionError>(settings.options.empty() && !settings.mao,
                         "--method zero-shot tunes nothing: --mao and --set have no effect");
    return;
  }
  const MethodInfo& info = method_named(settings.name);
  OptionReader reader(settings.options);
  info.describe(reader);
  reader.finish(info.name);
  check_context(reader, settings.options);
  require<OptionError>(!settings.mao || !info.ignores_labels, "--mao: ", info.name,
                       " has no loss over labels, so MAO's base stage has nothing to act on; train it plain");
  require<OptionError>(!settings.mao || !info.brings_negatives, "--mao: ", info.name,
                       " brings its own hard negatives; tune its host with --mao, then give --set host=... to ",
                       info.name);
  require<OptionError>(!info.brings_negatives || settings.batch == 0, "--batch: ", info.name,
                       " chooses batch and negatives by the number of classes");
  require<OptionError>(info.transfers || run.targets.empty(), "--targets: ", info.name,
                       " is bound to the classes it was trained on");
  require<OptionError>(settings.mao || settings.steps == "both", "--steps ", settings.steps,
                       " chooses among MAO's steps and has no effect without --mao");
  if (!is_class_specific(settings)) return;
  require<OptionError>(run.targets.empty(),
                       "--class-specific: such prompts cannot be bound to the classes of --targets");
  const auto init = settings.options.find("init");
  require<OptionError>(init != settings.options.end() && init->second.empty(),
                       "--class-specific has no effect with --context-init \"",
                       init == settings.options.end() ? "a photo of a" : init->second,
                       "\" (as in CoOp); add --context-init \"\" for a random start");
  require<OptionError>(
      !settings.mao || settings.labeler == "none" || settings.steps == "base" || run.data.classes == "all",
      "--class-specific: such prompts cannot be bound to new classes, so MAO's new stage is not "
      "possible; add --labeler none for its base stage alone");
}

BaseToNewOptions make_steps(const RunSettings& settings, std::int64_t base_classes, std::uint64_t seed, bool augment,
                            const std::function<void(const std::string&)>& say) {
  const MethodSettings& chosen = settings.method;
  const MethodInfo& info = method_named(chosen.name);
  const TunerOptions tuner{
      .seed = seed, .augment = augment, .optimizer = optimizer_of(chosen, info), .name = chosen.name};
  BaseToNewOptions steps;
  const bool has_new = settings.data.classes != "all";
  steps.test_new = has_new && info.transfers && !is_class_specific(chosen);
  if (chosen.mao && chosen.steps != "new") {
    steps.mao_base = mao_base_options(settings, base_classes, tuner, say);
  } else {
    PlainOptions options{.tuner = tuner};
    if (chosen.epochs > 0) options.schedule.epochs = chosen.epochs;
    if (chosen.lr > 0) options.schedule.learning_rate = chosen.lr;
    if (chosen.batch > 0) options.batch = chosen.batch;
    steps.plain = options;
  }
  if (chosen.mao && chosen.steps != "base" && chosen.labeler != "none" && has_new) {
    MaoNewOptions options{.tuner = tuner};
    options.sampler.batch = chosen.new_batch;
    options.sampler.threshold = static_cast<float>(chosen.threshold);
    options.schedule.epochs = chosen.new_epochs;
    options.schedule.learning_rate = chosen.new_lr;
    options.tuner.name = chosen.name + " new stage";
    steps.mao_new = options;
  }
  return steps;
}

}  // namespace mao_program
