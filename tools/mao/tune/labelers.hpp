// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Who labels the images of MAO's new stage, chosen at run time.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <mao/labelers/labelers.hpp>
#include <mao/labelers/pool_labelers.hpp>

#include "methods/method.hpp"
#include "tune/known_names.hpp"

namespace mao_program {

/// A pseudo-labeller chosen at run time.
struct AnyLabeler {
  std::function<PseudoLabels(const ImageBatch&)> label;
  std::string note = {};  ///< what it decided by itself, for the log
  ClassList bound = {};
  Description description = {};

  [[nodiscard]] const ClassList& classes() const { return bound; }
  [[nodiscard]] const Description& describe() const { return description; }
};

template <PseudoLabeler LabelerT>
AnyLabeler any_labeler(LabelerT labeler, std::string note = {}) {
  const auto shared = std::make_shared<LabelerT>(std::move(labeler));
  return {[shared](const ImageBatch& images) { return shared->label(images); }, std::move(note), shared->classes(),
          shared->describe()};
}

/// What a `SelectingLabeler` decided and why.
template <class LabelerT>
std::string selection_note(const LabelerT& labeler) {
  return text_of("labels from the ", labeler.chose_tuned() ? "tuned" : "frozen", " model: mutual information frozen ",
                 labeler.frozen_statistics().mutual_information, ", tuned ",
                 labeler.tuned_statistics().mutual_information);
}

/// Labellers that your own program adds, by name.
inline std::map<std::string, std::function<AnyLabeler(ZeroShot<AnyModel> untuned, AnyBackbone tuned)>>& own_labelers() {
  static std::map<std::string, std::function<AnyLabeler(ZeroShot<AnyModel>, AnyBackbone)>> all;
  return all;
}

/// The labeller of MAO's new stage; `tuned` makes a copy of the backbone as the base stage left it, bound to the
/// classes of `fresh`, for those that ask it. Some look at the training images of `fresh` beforehand.
inline AnyLabeler make_labeler(const OpenedModel& opened, const TaskHalf& fresh, const MethodSettings& settings,
                               const std::function<AnyBackbone()>& tuned) {
  using Frozen = ZeroShot<AnyModel>;
  if (settings.labeler == "tuned") return any_labeler(TunedPromptLabeler<AnyBackbone>(tuned()));
  Frozen frozen = make_zero_shot(opened, fresh.classes, settings);
  if (settings.labeler == "average") {
    return any_labeler(AverageLabeler<Frozen, AnyBackbone>(std::move(frozen), tuned()));
  }
  if (settings.labeler == "agreement") {
    return any_labeler(AgreementLabeler<Frozen, AnyBackbone>(std::move(frozen), tuned()));
  }
  if (settings.labeler == "soft") {
    return any_labeler(SoftLabeler<Frozen, AnyBackbone>(std::move(frozen), tuned()));
  }
  if (settings.labeler == "auto") {
    return any_labeler(BalancedLabeler<Frozen, AnyBackbone>(std::move(frozen), tuned(), *fresh.train));
  }
  if (settings.labeler == "select") {
    SelectingLabeler<Frozen, AnyBackbone> labeler(std::move(frozen), tuned(), *fresh.train);
    std::string note = selection_note(labeler);
    return any_labeler(std::move(labeler), std::move(note));
  }
  if (const auto own = own_labelers().find(settings.labeler); own != own_labelers().end()) {
    return own->second(std::move(frozen), tuned());
  }
  require<OptionError>(settings.labeler == "zero-shot", "--labeler ", settings.labeler,
                       ": this program has none of that name; use the program that adds it (mao::tool::run)");
  return any_labeler(TunedPromptLabeler<Frozen>(std::move(frozen)));
}

}  // namespace mao_program
