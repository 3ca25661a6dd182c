// SPDX-License-Identifier: Apache-2.0
#include "learner.hpp"

#include <mao/prompts/text_tower_similarity.hpp>
#include <mao/sampling/file_similarity.hpp>
#include <mao/text/mini_lm.hpp>

namespace mao_program {

namespace {

MaoBaseOptions mao_base_options(const RunSettings& settings, std::int64_t base_classes, const TunerOptions& tuner,
                                const std::function<void(const std::string&)>& say) {
  const LearnerSettings& chosen = settings.learner;
  MaoBaseOptions options;
  const BatchShape shape = automatic_batch(base_classes);
  options.sampler.batch = chosen.batch > 0 ? chosen.batch : shape.batch;
  options.sampler.k = chosen.k > 0 ? chosen.k : shape.k;
  const bool automatic = chosen.batch == 0 && chosen.k == 0;
  const std::string warning =
      automatic ? shape.warning : batch_warning(options.sampler.batch, options.sampler.k, base_classes);
  if (!warning.empty()) say("note: " + warning);
  options.schedule.epochs = chosen.epochs > 0 ? chosen.epochs : options.schedule.epochs;
  options.schedule.learning_rate = chosen.lr > 0 ? chosen.lr : options.schedule.learning_rate;
  if (chosen.columns == "per-image") options.columns = AlterableRegularizer::Columns::PerImage;
  options.tuner = tuner;
  options.tuner.name = chosen.learner + " base step";
  return options;
}

}  // namespace

Similarity make_similarity(const OpenedModel& opened, const RunSettings& settings) {
  const std::string chosen = settings.learner.similarity == "auto" ? opened.similarity : settings.learner.similarity;
  if (chosen == "clip") return TextTowerSimilarity<AnyModel>(opened.model);
  if (chosen == "minilm") return MiniLm::load(find_mini_lm(settings.model.minilm));
  require<OptionError>(std::filesystem::exists(chosen), "--similarity ", chosen,
                       ": no such file; expected minilm, clip, or a file");
  return FileSimilarity(chosen);
}

void check_settings(const LearnerSettings& settings) {
  if (!settings.class_specific) return;
  require<OptionError>(settings.context_init.empty(), "--class-specific has no effect with --context-init \"",
                       settings.context_init, "\" (as in CoOp); add --context-init \"\" for a random start");
  require<OptionError>(!settings.mao || settings.labeler == "none",
                       "--class-specific: such prompts cannot be bound to new classes, so MAO's new step is not "
                       "possible; add --labeler none for its base step alone");
}

BaseToNewOptions make_steps(const RunSettings& settings, std::int64_t base_classes, std::uint64_t seed, bool augment,
                            const std::function<void(const std::string&)>& say) {
  const LearnerSettings& chosen = settings.learner;
  const TunerOptions tuner{.seed = seed, .augment = augment, .name = chosen.learner};
  BaseToNewOptions steps;
  steps.test_new = !chosen.class_specific;
  if (!chosen.mao) {
    PlainOptions options{.tuner = tuner};
    if (chosen.epochs > 0) options.schedule.epochs = chosen.epochs;
    if (chosen.lr > 0) options.schedule.learning_rate = chosen.lr;
    if (chosen.batch > 0) options.batch = chosen.batch;
    steps.plain = options;
    return steps;
  }
  steps.mao_base = mao_base_options(settings, base_classes, tuner, say);
  if (chosen.labeler != "none") {
    MaoNewOptions options{.tuner = tuner};
    options.sampler.batch = chosen.new_batch;
    options.sampler.threshold = static_cast<float>(chosen.threshold);
    options.schedule.epochs = chosen.new_epochs;
    options.schedule.learning_rate = chosen.new_lr;
    options.tuner.name = chosen.learner + " new step";
    steps.mao_new = options;
  }
  return steps;
}

}  // namespace mao_program
