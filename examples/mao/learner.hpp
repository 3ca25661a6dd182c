// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// From the settings of a run to the library's types.

#include <functional>
#include <string>
#include <vector>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/labelers.hpp>
#include <mao/evaluation/base_to_new.hpp>

#include "models.hpp"
#include "settings.hpp"

namespace mao_program {

using Learner = Coop<AnyModel>;
using Similarity = std::function<Eigen::MatrixXf(const std::vector<std::string>&, const std::vector<std::string>&)>;

/// A pseudo-labeller chosen at run time.
struct AnyLabeler {
  std::function<PseudoLabels(const ImageBatch&)> label;
};

inline ClassPosition class_position(const std::string& name) {
  if (name == "middle") return ClassPosition::Middle;
  return name == "front" ? ClassPosition::Front : ClassPosition::End;
}

inline Learner make_learner(const OpenedModel& opened, const ClassList& classes, const LearnerSettings& settings,
                            std::uint64_t seed) {
  return Learner(opened.model, classes,
                 {.init = settings.context_init,
                  .context = settings.context,
                  .class_specific = settings.class_specific,
                  .position = class_position(settings.class_position),
                  .seed = seed});
}

inline ZeroShot<AnyModel> make_zero_shot(const OpenedModel& opened, const ClassList& classes,
                                         const LearnerSettings& settings) {
  return ZeroShot<AnyModel>(opened.model, classes, {.templates = {settings.zero_shot_template}});
}

/// Who ranks hard negatives. **Throws** `FileError` when its files are not there.
Similarity make_similarity(const OpenedModel& opened, const RunSettings& settings);

/// The labeller of MAO's new step; `tuned` is a copy of the backbone as the base step left it, bound to the new
/// classes.
inline AnyLabeler make_labeler(const OpenedModel& opened, const ClassList& new_classes, const LearnerSettings& settings,
                               Learner tuned) {
  if (settings.labeler == "tuned") {
    const auto labeler = std::make_shared<TunedPromptLabeler<Learner>>(std::move(tuned));
    return {[labeler](const ImageBatch& images) { return labeler->label(images); }};
  }
  const auto labeler =
      std::make_shared<TunedPromptLabeler<ZeroShot<AnyModel>>>(make_zero_shot(opened, new_classes, settings));
  return {[labeler](const ImageBatch& images) { return labeler->label(images); }};
}

/// Throws an `OptionError` for settings that contradict each other, before any work is done.
void check_settings(const LearnerSettings& settings);

/// The steps of a run with the paper's numbers where none are given. `say` is told warnings.
BaseToNewOptions make_steps(const RunSettings& settings, std::int64_t base_classes, std::uint64_t seed, bool augment,
                            const std::function<void(const std::string&)>& say);

}  // namespace mao_program
