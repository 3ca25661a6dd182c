// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The paper's compositions of policies, with its settings as defaults.

#include <concepts>
#include <utility>
#include <vector>

#include <mao/backbones/binding.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/sampling/batch_shape.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <mao/sampling/pseudo_label.hpp>
#include <mao/sampling/shuffled.hpp>
#include <mao/schedules/cosine.hpp>
#include <mao/tuner/prompt_tuner.hpp>

namespace mao {

namespace explain {

/// An argument in the place of the classes that is not one.
template <class L>
concept NotClasses = !std::convertible_to<const L&, ClassList>;

/// Labels before classes: the compiler says so.
template <class L>
consteval void classes_first() {
  static_assert(!NotClasses<L>,
                "mao: the labels and the classes are swapped (arguments 2 and 3); the order is plain(backbone, "
                "classes, labels), and the same for mao_base; see docs/reference/tuner.md");
}

}  // namespace explain

/// A method without MAO: the baseline.
template <class BackboneT>
using Plain = PromptTuner<BackboneT, ShuffledSampler, CrossEntropy, CosineSchedule>;

/// MAO's base stage: hard negatives, and a loss over the classes of the batch.
template <class BackboneT, class SimilarityT>
using MaoBase = PromptTuner<BackboneT, HardNegativeSampler<SimilarityT>, AlterableRegularizer, CosineSchedule>;

/// MAO's new stage: pseudo-labelled images of the new classes, and a loss over all new classes.
template <class BackboneT, class LabelerT>
using MaoNew = PromptTuner<BackboneT, PseudoLabelSampler<LabelerT>, AlterableRegularizer, CosineSchedule>;

/// Settings of `plain`: the baselines of the MAO paper (section 4.1: batch 32, lr 0.002, 20 epochs).
struct PlainOptions {
  int batch = 32;
  CosineOptions schedule{.epochs = 20, .learning_rate = 0.002};
  TunerOptions tuner{.name = "plain"};
};

/// Settings of `mao_base` (section 4.1: b = 4, K = 8, lr 0.0035, 10 epochs). Fewer than 32 classes need smaller b and
/// K: see `automatic_batch`.
struct MaoBaseOptions {
  HardNegativeOptions sampler{};
  AlterableRegularizer::Columns columns = AlterableRegularizer::Columns::Distinct;
  CosineOptions schedule{.epochs = 10, .learning_rate = 0.0035};
  TunerOptions tuner{.name = "base stage"};
};

/// Settings of `mao_new` (section 4.1: b = 32, lr 0.0035, 10 epochs).
struct MaoNewOptions {
  PseudoLabelOptions sampler{};
  CosineOptions schedule{.epochs = 10, .learning_rate = 0.0035};
  TunerOptions tuner{.name = "new stage"};
};

// Each recipe gets the classes that the labels refer to, and binds the backbone to them.

/// The baseline tuner on labelled images. **Shape** labels [N], positions in `classes`, one per image of the source.
/// **Throws** as `bind_to`, `ShuffledSampler` and `PromptTuner`.
template <class BackboneT>
Plain<BackboneT> plain(BackboneT& backbone, const ClassList& classes, std::vector<std::int64_t> labels,
                       const PlainOptions& options = {}) {
  ShuffledSampler sampler(std::move(labels), classes, {.batch = options.batch});
  if constexpr (Backbone<BackboneT>) bind_to(backbone, classes, options.tuner.name);
  return Plain<BackboneT>(backbone, std::move(sampler), CrossEntropy{}, CosineSchedule(options.schedule),
                          options.tuner);
}

/// MAO's base stage, on labelled images of the base classes. **Throws** as `plain` and `HardNegativeSampler`.
template <class BackboneT, class SimilarityT>
MaoBase<BackboneT, SimilarityT> mao_base(BackboneT& backbone, const ClassList& classes,
                                         std::vector<std::int64_t> labels, SimilarityT similarity,
                                         const MaoBaseOptions& options = {}) {
  HardNegativeSampler<SimilarityT> sampler(std::move(labels), classes, std::move(similarity), options.sampler);
  if constexpr (Backbone<BackboneT>) bind_to(backbone, classes, options.tuner.name);
  return MaoBase<BackboneT, SimilarityT>(
      backbone, std::move(sampler),
      AlterableRegularizer({.task = AlterableRegularizer::Task::Base, .columns = options.columns}),
      CosineSchedule(options.schedule), options.tuner);
}

/// MAO's new stage, on the same backbone: `count` unlabelled images of the new classes. **Throws** as `bind_to` and
/// `PseudoLabelSampler`; `OptionError` for a labeller that states other classes.
template <class BackboneT, class LabelerT>
MaoNew<BackboneT, LabelerT> mao_new(BackboneT& backbone, const ClassList& classes, std::int64_t count, LabelerT labeler,
                                    const MaoNewOptions& options = {}) {
  static_cast<void>(explain::pseudo_labeler<LabelerT>());  // here, so that its sentence points to the caller
  expect_stated(labeler, classes, options.tuner.name + ": the labeller is for");
  PseudoLabelSampler<LabelerT> sampler(count, classes, std::move(labeler), options.sampler);
  if constexpr (Backbone<BackboneT>) bind_to(backbone, classes, options.tuner.name);
  return MaoNew<BackboneT, LabelerT>(backbone, std::move(sampler),
                                     AlterableRegularizer({.task = AlterableRegularizer::Task::New}),
                                     CosineSchedule(options.schedule), options.tuner);
}

/// The same for the classes that the labeller states. **Throws** `OptionError` if it states none.
template <class BackboneT, class LabelerT>
MaoNew<BackboneT, LabelerT> mao_new(BackboneT& backbone, std::int64_t count, LabelerT labeler,
                                    const MaoNewOptions& options = {}) {
  ClassList classes;
  if constexpr (Backbone<BackboneT>) classes = backbone.classes();
  if constexpr (explain::stated_labels<LabelerT>()) {
    require<OptionError>(labeler.classes().size() > 0, options.tuner.name,
                         ": the labeller's `classes()` is empty, so "
                         "nobody knows what its labels mean; name the classes before it: mao_new(backbone, classes, "
                         "count, labeler)");
    classes = labeler.classes();
  }
  return mao_new(backbone, classes, count, std::move(labeler), options);
}

// Swapped arguments and a temporary backbone are refused in a sentence.

template <class BackboneT, explain::NotClasses LabelsT>
detail::RefusedTuner plain(const BackboneT&, const LabelsT&, const ClassList&, const PlainOptions& = {}) {
  explain::classes_first<LabelsT>();
  return detail::RefusedTuner();
}
template <class BackboneT, explain::NotClasses LabelsT, class SimilarityT>
detail::RefusedTuner mao_base(const BackboneT&, const LabelsT&, const ClassList&, const SimilarityT&,
                              const MaoBaseOptions& = {}) {
  explain::classes_first<LabelsT>();
  return detail::RefusedTuner();
}

template <class BackboneT>
Plain<explain::Temporary<BackboneT>> plain(const BackboneT&&, const ClassList&, std::vector<std::int64_t>,
                                           const PlainOptions& = {}) {
  return Plain<explain::Temporary<BackboneT>>();
}
template <class BackboneT, class SimilarityT>
MaoBase<explain::Temporary<BackboneT>, SimilarityT> mao_base(const BackboneT&&, const ClassList&,
                                                             std::vector<std::int64_t>, SimilarityT,
                                                             const MaoBaseOptions& = {}) {
  return MaoBase<explain::Temporary<BackboneT>, SimilarityT>();
}
template <class BackboneT, class LabelerT>
MaoNew<explain::Temporary<BackboneT>, LabelerT> mao_new(const BackboneT&&, const ClassList&, std::int64_t, LabelerT,
                                                        const MaoNewOptions& = {}) {
  return MaoNew<explain::Temporary<BackboneT>, LabelerT>();
}
template <class BackboneT, class LabelerT>
MaoNew<explain::Temporary<BackboneT>, LabelerT> mao_new(const BackboneT&&, std::int64_t, LabelerT,
                                                        const MaoNewOptions& = {}) {
  return MaoNew<explain::Temporary<BackboneT>, LabelerT>();
}

}  // namespace mao
