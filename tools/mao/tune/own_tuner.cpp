// SPDX-License-Identifier: Apache-2.0
#include "tune/own_tuner.hpp"

#include <mao/regularizers/sigmoid_loss.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/prediction_negatives.hpp>

namespace mao_program {

namespace {

/// DPC's: each image with the classes that the tuned host takes it for, contrasted in both directions.
AnyTuner contrastive_tuner(AnyBackbone& backbone, const TaskHalf& base, const PlainOptions& options) {
  const Tensor logits = predict_logits(backbone, base.classes, *base.train).contiguous();
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::MatrixXf table = Eigen::Map<const Rows>(logits.const_data_ptr<float>(), logits.size(0), logits.size(1));
  const BatchShape shape = automatic_batch(base.classes.size());
  return any_tuner(PromptTuner(
      backbone, PredictionNegatives(base.train_labels, base.classes, table, {.batch = shape.batch, .k = shape.k}),
      SymmetricContrast{}, CosineSchedule(options.schedule), options.tuner));
}

/// What `own` makes for the stage, or the usual one.
template <Regularizer Usual>
AnyRegularizer regularizer_for(const MakeRegularizer& own, const StageContext& stage, const Usual& usual) {
  return own ? own(stage) : AnyRegularizer(usual, stage);
}

/// SigLIP's, with the model's bias. As in MAO's own losses, its base stage compares the classes of the batch.
MakeRegularizer sigmoid_loss_of(const OpenedModel& opened) {
  const auto bias = opened.model->logit_bias();
  require<OptionError>(bias.has_value(),
                       "--regularizer sigmoid: this model has no logit bias, without which a sigmoid "
                       "takes every pair for a match; use a SigLIP or SigLIP 2, or --regularizer auto");
  return [bias = *bias](const StageContext& stage) {
    const auto classes = stage.stage == "base" ? SigmoidLoss::Classes::Batch : SigmoidLoss::Classes::All;
    return AnyRegularizer(SigmoidLoss({.bias = bias, .classes = classes}), stage);
  };
}

template <class Make>
Make added(const std::map<std::string, Make>& all, const char* option, const std::string& name) {
  if (name == "auto") return nullptr;
  const auto found = all.find(name);
  require<OptionError>(found != all.end(), option, " ", name,
                       ": this program has none of that name; use the program that adds it (mao::tool::run)");
  return found->second;
}

}  // namespace

StageTuners::StageTuners(const OpenedModel& opened, const MethodSettings& settings)
    : method_(settings.name),
      sampler_(settings.sampler),
      make_sampler_(added(own_samplers(), "--sampler", settings.sampler)),
      make_regularizer_(settings.regularizer == "sigmoid"
                            ? sigmoid_loss_of(opened)
                            : added(own_regularizers(), "--regularizer", settings.regularizer)) {}

AnySampler StageTuners::sampler(const AnyBackbone& backbone, const StageContext& stage) const {
  AnySampler made = make_sampler_(stage);
  if (made.adds_negatives()) expect_mining(backbone.traits(), "--sampler " + sampler_ + " with " + method_);
  return made;
}

AnyTuner StageTuners::operator()(AnyBackbone& backbone, const TaskHalf& base, const PlainOptions& options) const {
  if (backbone.traits().brings_negatives) return contrastive_tuner(backbone, base, options);
  if (!make_sampler_ && !make_regularizer_) {
    return any_tuner(plain(backbone, base.classes, base.train_labels, options));
  }
  const StageContext stage{
      .stage = "plain", .classes = base.classes, .labels = base.train_labels, .batch = options.batch};
  bind_to(backbone, base.classes, options.tuner.name);
  AnySampler batches = make_sampler_
                           ? sampler(backbone, stage)
                           : AnySampler(ShuffledSampler(stage.labels, stage.classes, {.batch = options.batch}), stage);
  return any_tuner(PromptTuner(backbone, std::move(batches), regularizer_for(make_regularizer_, stage, CrossEntropy{}),
                               CosineSchedule(options.schedule), options.tuner));
}

AnyTuner StageTuners::operator()(AnyBackbone& backbone, const TaskHalf& base, const Similarity& similarity,
                                 const MaoBaseOptions& options) const {
  if (!make_sampler_ && !make_regularizer_) {
    return any_tuner(mao_base(backbone, base.classes, base.train_labels, similarity, options));
  }
  const StageContext stage{.stage = "base",
                           .classes = base.classes,
                           .labels = base.train_labels,
                           .batch = options.sampler.batch,
                           .k = options.sampler.k};
  bind_to(backbone, base.classes, options.tuner.name);
  const AnyRegularizer regularizer =
      regularizer_for(make_regularizer_, stage,
                      AlterableRegularizer({.task = AlterableRegularizer::Task::Base, .columns = options.columns}));
  const CosineSchedule schedule(options.schedule);
  if (make_sampler_) {
    return any_tuner(PromptTuner(backbone, sampler(backbone, stage), regularizer, schedule, options.tuner));
  }
  HardNegativeSampler<Similarity> mining(stage.labels, stage.classes, similarity, options.sampler);
  return any_tuner(PromptTuner(backbone, std::move(mining), regularizer, schedule, options.tuner));
}

AnyTuner StageTuners::operator()(AnyBackbone& backbone, const TaskHalf& fresh, AnyLabeler labeler,
                                 const MaoNewOptions& options) const {
  const std::int64_t count = count_of(train_of(fresh), {.name = options.tuner.name});
  if (!make_regularizer_) return any_tuner(mao_new(backbone, fresh.classes, count, std::move(labeler), options));
  const StageContext stage{
      .stage = "new", .classes = fresh.classes, .labels = {}, .batch = static_cast<int>(options.sampler.batch)};
  expect_stated(labeler, fresh.classes, options.tuner.name + ": the labeller is for");
  PseudoLabelSampler<AnyLabeler> sampler(count, fresh.classes, std::move(labeler), options.sampler);
  bind_to(backbone, fresh.classes, options.tuner.name);
  return any_tuner(PromptTuner(backbone, std::move(sampler), make_regularizer_(stage), CosineSchedule(options.schedule),
                               options.tuner));
}

}  // namespace mao_program
