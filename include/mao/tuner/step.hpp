// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The policies of a tuner at work: one batch, from its labels to the update.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mao/backbones/detail/backbone_calls.hpp>
#include <mao/optimizers/optimizer.hpp>
#include <mao/optimizers/parameter_group.hpp>
#include <mao/parallel/shares.hpp>
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/detail/checks.hpp>
#include <mao/tuner/detail/gradients.hpp>
#include <mao/tuner/detail/losses.hpp>
#include <mao/tuner/detail/observers.hpp>
#include <mao/tuner/detail/policy_calls.hpp>
#include <mao/tuner/detail/reports.hpp>

namespace mao {

/// Run-time settings of a tuner.
struct TunerOptions {
  std::uint64_t seed = 1;  ///< of batches and augmentation; the same seed gives the same run on any number of threads
  bool augment = false;    ///< random views of the training images instead of the evaluation view
  OptimizerOptions optimizer{};
  std::string name = "tuner";                  ///< how errors call this step
  std::shared_ptr<Workers> workers = nullptr;  ///< share every batch, to the same result; null: this process alone
  double clip_norm = 0;  ///< longest gradient of all parameters together, a longer one is shortened to it; 0: any
  int accumulate = 1;    ///< batches whose gradients make one update; at the end of an epoch those that are left
  OwnOptimizer own_optimizer{};          ///< takes the steps in place of those that `optimizer.kind` names
  std::vector<ParameterGroup> groups{};  ///< parameters with a rate or a weight decay of their own
};

namespace detail {

/// What `PromptTuner` is made of. Each call of a policy is checked as far as that is free.
class TrainingStep {
 protected:
  TrainingStep(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies, TunerOptions options);

  /// What the backbone trains.
  ParameterList parameters(const StepPlace& place);

  /// What the schedule says: the number of its epochs, the rate of one, and that of a parameter with a multiple.
  [[nodiscard]] int epochs() const;
  [[nodiscard]] double rate_of(const StepTime& time, const Parameter* of = nullptr) const;

  std::vector<Batch> draw(int epoch);

  /// One update: labels, candidates, forward pass, losses, backward pass. `images` are those of this worker's share.
  void step(Batch& batch, const ImageBatch& images, StepReport& report, const Observers& observers);

  /// The gradients of the parameters become an update.
  void update(StepReport& report, const StepPlace& place, const Observers& observers);

  /// **Throws** `OptionError` for a tuner that was moved from, and where the backbone is gone, which shows in parameters
  /// that nobody else holds, or was moved elsewhere.
  void expect_alive() const;

  /// Backbone, sampler and regularizer speak of the classes that the tuner was made for.
  void expect_policies_agree() const;

  [[nodiscard]] Workers* workers() const { return options_.workers.get(); }
  [[nodiscard]] bool ignores_labels() const { return backbone_->traits().ignores_labels; }

  std::unique_ptr<BackboneCalls> backbone_;
  std::unique_ptr<PolicyCalls> policies_;
  TunerOptions options_;
  ClassList classes_;
  Optimizer optimizer_;
  ChangeWatch change_;
  int updates_ = 0;  // of the parameters
  GatheredGradients gathered_;

 private:
  /// Labels that a sampler gives once the images are there: pseudo labels.
  void label(SharedBatch& shared, const ImageBatch& images, const StepPlace& place);

  /// The classes that the batch is judged against.
  Candidates candidates_of(const Batch& batch, const StepPlace& place);

  /// Those of them, or all where the method has terms over all.
  [[nodiscard]] Candidates encoded(const Candidates& candidates) const;

  Output forward(const ImageBatch& images, const Candidates& asked, std::int64_t count, const StepPlace& place);

  /// Forward pass of this worker's part over the candidates, and its losses, which count `counts` in those of all.
  struct Pass {
    Output full, output;
    Losses losses;
  };
  Pass pass(const Batch& part, const LossShare& counts, const ImageBatch& images, const Candidates& candidates,
            const StepPlace& place);
  /// The gradients of `again`, a second pass, where the first ones lead to (SAM). It begins with the buffers `before`
  /// the first pass, so that both draw the same, and leaves those after it.
  void differentiate_above(const std::function<Losses()>& again, const TensorMap& before, const StepPlace& place);
  /// What the backbone keeps beside its parameters, copied.
  TensorMap kept_buffers(const StepPlace& place) const;

  /// The gradients of the losses, in the place of those that were there.
  void differentiate(const Losses& losses, const StepPlace& place);
  [[noreturn]] void refuse_loss(double loss, const ImageBatch& images, const Output& full, const Losses& losses,
                                const StepPlace& place);
};

/// Stands in for a tuner whose policies were refused, so that one mistake gives one error.
struct RefusedTuner {
  template <class... Args>
  explicit RefusedTuner(Args&&...) {}
  template <class... Args>
  FitResult fit(Args&&...) {
    return {};
  }
  std::vector<Batch> begin_epoch(ImageSource&) { return {}; }
  StepReport step(const Batch&) { return {}; }
  EpochReport end_epoch() { return {}; }
  EpochReport epoch(ImageSource&) { return {}; }
  void finish() {}
};

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/step.ipp>
#endif
