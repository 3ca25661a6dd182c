// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/file_similarity.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/text/mini_lm.hpp>

#include <ATen/core/grad_mode.h>

#include "methods/method.hpp"
#include "tune/optimizers.hpp"

namespace mao_program {

namespace {

MaoBaseOptions mao_base_options(const RunSettings& settings, std::int64_t base_classes, const TunerOptions& tuner,
                                const std::function<void(const std::string&)>& say) {
  const MethodSettings& chosen = settings.method;
  MaoBaseOptions options;
  require<OptionError>(
      base_classes >= 2, "--mao: the base half of the data has ", base_classes,
      " class, expected at least 2, because a hard negative is an image of another class; add classes, "
      "train on all of them (--class-split all), or leave --mao out");
  const BatchShape shape = automatic_batch(base_classes);
  options.sampler.batch = chosen.batch > 0 ? chosen.batch : shape.batch;
  options.sampler.k = chosen.k > 0 ? chosen.k : shape.k;
  const bool automatic = chosen.batch == 0 && chosen.k == 0;
  const std::string warning =
      automatic ? shape.warning : batch_warning(options.sampler.batch, options.sampler.k, base_classes);
  require<OptionError>(options.sampler.k <= base_classes, "--k ", options.sampler.k, ": there are only ", base_classes,
                       " base classes; expected at most as many, or 0 for a k by their number");
  const char* const advice =
      automatic ? "; no action is needed (--batch and --k change it)" : "; a smaller --batch or --k avoids this";
  if (!warning.empty()) say("note: " + warning + advice);
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

BaseToNewOptions make_steps(const RunSettings& settings, std::int64_t base_classes, std::uint64_t seed, bool augment,
                            const std::function<void(const std::string&)>& say) {
  const MethodSettings& chosen = settings.method;
  const MethodInfo& info = method_named(chosen.name);
  const TunerOptions tuner{
      .seed = seed, .augment = augment, .optimizer = optimizer_of(chosen, info.optimizer), .name = chosen.name};
  BaseToNewOptions steps;
  steps.test_new = settings.has_new_classes() && !chosen.is_class_specific();
  if (settings.has_base_stage()) {
    steps.mao_base = mao_base_options(settings, base_classes, tuner, say);
  } else {
    PlainOptions options{.tuner = tuner};
    if (chosen.epochs > 0) options.schedule.epochs = chosen.epochs;
    if (chosen.lr > 0) options.schedule.learning_rate = chosen.lr;
    if (chosen.batch > 0) options.batch = chosen.batch;
    steps.plain = options;
  }
  if (settings.has_new_stage()) {
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
