// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The paper's compositions by name, with its settings as defaults: where the policies meet.

#include <utility>
#include <vector>

#include <mao/regularizers/alterable.hpp>
#include <mao/sampling/batch_shape.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/prompt_tuner.hpp>

namespace mao {

/// A method by itself: the baseline of every comparison.
template <class BackboneT>
using Plain = PromptTuner<BackboneT, ShuffledSampler, CrossEntropy, CosineSchedule>;

/// MAO's base step: hard negatives, judged against the classes of the batch.
template <class BackboneT, class SimilarityT>
using MaoBase = PromptTuner<BackboneT, HardNegativeSampler<SimilarityT>, AlterableRegularizer, CosineSchedule>;

/// MAO's new step: unlabelled images of the new classes, pseudo-labelled, judged against all of them.
template <class BackboneT, class LabelerT>
using MaoNew = PromptTuner<BackboneT, PseudoLabelSampler<LabelerT>, AlterableRegularizer, CosineSchedule>;

/// Settings of `plain`: the baselines of the MAO paper (section 4.1: batch 32, lr 0.002, 20 epochs).
struct PlainOptions {
  int batch = 32;
  CosineOptions schedule{.epochs = 20, .learning_rate = 0.002};
  TunerOptions tuner{.name = "plain"};
};

/// Settings of `mao_base` (section 4.1: b = 4, K = 8, lr 0.0035, 10 epochs). Fewer than 32 classes want smaller b and
/// K: see `automatic_batch`.
struct MaoBaseOptions {
  HardNegativeOptions sampler{};
  AlterableRegularizer::Columns columns = AlterableRegularizer::Columns::Distinct;
  CosineOptions schedule{.epochs = 10, .learning_rate = 0.0035};
  TunerOptions tuner{.name = "base step"};
};

/// Settings of `mao_new` (section 4.1: b = 32, lr 0.0035, 10 epochs).
struct MaoNewOptions {
  PseudoLabelOptions sampler{};
  CosineOptions schedule{.epochs = 10, .learning_rate = 0.0035};
  TunerOptions tuner{.name = "new step"};
};

/// The baseline tuner on labelled images. **Shape** labels [N], positions in the backbone's classes.
template <Backbone BackboneT>
Plain<BackboneT> plain(BackboneT& backbone, std::vector<std::int64_t> labels, const PlainOptions& options = {}) {
  return Plain<BackboneT>(backbone, ShuffledSampler(std::move(labels), {.batch = options.batch}), CrossEntropy{},
                          CosineSchedule(options.schedule), options.tuner);
}

/// MAO's first step, on a backbone bound to the base classes and their labelled images.
template <Backbone BackboneT, TextSimilarity SimilarityT>
MaoBase<BackboneT, SimilarityT> mao_base(BackboneT& backbone, std::vector<std::int64_t> labels, SimilarityT similarity,
                                         const MaoBaseOptions& options = {}) {
  return MaoBase<BackboneT, SimilarityT>(
      backbone,
      HardNegativeSampler<SimilarityT>(std::move(labels), backbone.classes(), std::move(similarity), options.sampler),
      AlterableRegularizer({.task = AlterableRegularizer::Task::Base, .columns = options.columns}),
      CosineSchedule(options.schedule), options.tuner);
}

/// MAO's second step, on the same backbone, which is bound to the new classes here. `count` unlabelled images.
template <Backbone BackboneT, PseudoLabeler LabelerT>
MaoNew<BackboneT, LabelerT> mao_new(BackboneT& backbone, const ClassList& classes, std::int64_t count, LabelerT labeler,
                                    const MaoNewOptions& options = {}) {
  expect_stated(labeler, classes, options.tuner.name + ": the labeller is for");
  if (!(backbone.classes() == classes)) backbone.bind(classes);
  return MaoNew<BackboneT, LabelerT>(backbone, PseudoLabelSampler<LabelerT>(count, std::move(labeler), options.sampler),
                                     AlterableRegularizer({.task = AlterableRegularizer::Task::New}),
                                     CosineSchedule(options.schedule), options.tuner);
}

/// The same for the classes that the labeller says it is for; of one that does not say so, those that the backbone is
/// bound to.
template <Backbone BackboneT, PseudoLabeler LabelerT>
MaoNew<BackboneT, LabelerT> mao_new(BackboneT& backbone, std::int64_t count, LabelerT labeler,
                                    const MaoNewOptions& options = {}) {
  ClassList classes = backbone.classes();
  if constexpr (StatesClasses<LabelerT>) {
    if (labeler.classes().size() > 0) classes = labeler.classes();
  }
  return mao_new(backbone, classes, count, std::move(labeler), options);
}

}  // namespace mao
