// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One classifier over base and new classes, made of what a run has trained: its figures, and its prompts file.

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/evaluation/all_classes.hpp>
#include <mao/evaluation/base_to_new.hpp>

#include "methods/method.hpp"
#include "tune/joined_prompts.hpp"

namespace mao_program {

/// `{"accuracy", "base", "new", "h", "openworld_auc", "ausuc"}` in percent, of logits [N, C] whose first columns are
/// the base classes.
nlohmann::json all_class_figures(const Tensor& logits, std::vector<std::int64_t> labels, std::int64_t base_classes);

/// The classifiers over all classes of one seed, tested on the test images of both halves.
class AllClassesTest {
 public:
  /// The sources of `task` outlive it. `task` has a new half.
  AllClassesTest(const OpenedModel& opened, const RunSettings& settings, const BaseToNewTask& task);

  /// `{"accuracy": ...}` of the untuned model.
  [[nodiscard]] nlohmann::json zero_shot();

  /// The same of each classifier that the seed gives: "plain" or "base" (those prompts for all classes), "new" (the
  /// new-stage prompts for all classes, where there was a new stage), "joined" (each half by its own prompts, the new
  /// half by the untuned model where there was no new stage), "gated" (joined, with the gate that `gate` says).
  /// `after_base`: the method as the first stage left it; `final`: as the last did.
  [[nodiscard]] nlohmann::json tuned(AnyBackbone& after_base, AnyBackbone& final, bool mao_base, bool new_stage,
                                     const JoinedGate& gate);

  /// Of each classifier of `tuned`, and of the untuned model, "zero_shot": `{"curve": [[base, new], ...], "halves":
  /// [[b, n], [b, n]]}`, some points of the bias curve and how many base and new images are taken for which half.
  [[nodiscard]] const nlohmann::json& details() const { return details_; }

  /// The gate of the seed. Where there was a new stage its images, which are known to be of new classes, and the few
  /// shots teach it; otherwise the untuned model's mass decides. `note` is told what came of it.
  [[nodiscard]] JoinedGate learned_gate(bool new_stage, const std::function<void(const std::string&)>& note) const;

 private:
  /// Logits over all classes, [N, C], of the test images of the base half and then of the new one.
  template <Backbone BackboneT>
  Tensor logits_over(BackboneT& backbone, const ClassList& classes) const;
  [[nodiscard]] Tensor own_logits(AnyBackbone& backbone, const Tensor& over_all, const TaskHalf& half) const;
  nlohmann::json figures(const std::string& classifier, const Tensor& logits);
  const Tensor& untuned();

  OpenedModel opened_;
  RunSettings settings_;
  const BaseToNewTask* task_;
  ClassList all_;
  Tensor untuned_;  // logits over all classes
  nlohmann::json details_;
};

/// The groups of a seed as a prompts file: base classes by what `after_base` learned, new ones by what `final` did, or
/// by the untuned model where there was no new stage.
JoinedPrompts joined_prompts(AnyBackbone& after_base, AnyBackbone& final, const BaseToNewTask& task, bool new_stage,
                             const PromptInfo& info, JoinedGate gate);

}  // namespace mao_program
