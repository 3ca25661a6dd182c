// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One training step with the policies of a tuner, from the labels of a batch to the update.

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
  std::uint64_t seed = 1;  ///< for batches and augmentation; the same seed gives the same run on any number of threads
  bool augment = false;    ///< random views of the training images instead of the evaluation view
  OptimizerOptions optimizer{};
  std::string name = "tuner";                  ///< the name of this stage in errors
  std::shared_ptr<Workers> workers = nullptr;  ///< share every batch, with the same result; null: a single process
  double clip_norm = 0;  ///< limit for the length of the gradient of all parameters together; 0: no limit
  int accumulate = 1;    ///< batches per update; at the end of an epoch, the remaining ones
  OwnOptimizer own_optimizer{};          ///< replaces the optimizer of `optimizer.kind`
  std::vector<ParameterGroup> groups{};  ///< parameters with their own rate or weight decay
};

namespace detail {

/// The base of `PromptTuner`. Each call of a policy is checked if the check costs nothing.
class TrainingStep {
 protected:
  TrainingStep(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies, TunerOptions options);

  /// The trained parameters.
  ParameterList parameters(const StepPlace& place);

  /// The schedule: its number of epochs, the rate of an epoch, and that of a parameter with a factor.
  [[nodiscard]] int epochs() const;
  [[nodiscard]] double rate_of(const StepTime& time, const Parameter* of = nullptr) const;

  std::vector<Batch> draw(int epoch);

  /// One update: labels, candidates, forward pass, losses, backward pass. `images` are those of this worker's share.
  void step(Batch& batch, const ImageBatch& images, StepReport& report, const Observers& observers);

  /// Updates the parameters with their gradients.
  void update(StepReport& report, const StepPlace& place, const Observers& observers);

  /// **Throws** `OptionError` for a tuner that was moved from, or if the backbone is gone (then nobody else holds its
  /// parameters) or was moved elsewhere.
  void expect_alive() const;

  /// Checks that backbone, sampler and regularizer have the classes that the tuner was made for.
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
  /// Labels that a sampler gives after the images are loaded: pseudo labels.
  void label(SharedBatch& shared, const ImageBatch& images, const StepPlace& place);

  /// The classes of the loss.
  Candidates candidates_of(const Batch& batch, const StepPlace& place);

  /// The classes to encode: the candidates, or all classes if the method has terms over all.
  [[nodiscard]] Candidates encoded(const Candidates& candidates) const;

  Output forward(const ImageBatch& images, const Candidates& asked, std::int64_t count, const StepPlace& place);

  /// Forward pass of this worker's part over the candidates, and its losses, with weight `counts` in those of all.
  struct Pass {
    Output full, output;
    Losses losses;
  };
  Pass pass(const Batch& part, const LossShare& counts, const ImageBatch& images, const Candidates& candidates,
            const StepPlace& place);
  /// The gradients of a second pass, `again`, after the ascent step (SAM). It starts with the buffers `before` the
  /// first pass, so that both draw the same, and keeps the buffers after the first pass.
  void differentiate_above(const std::function<Losses()>& again, const TensorMap& before, const StepPlace& place);
  /// A copy of the backbone's buffers.
  TensorMap kept_buffers(const StepPlace& place) const;

  /// The gradients of the losses; they replace existing ones.
  void differentiate(const Losses& losses, const StepPlace& place);
  [[noreturn]] void refuse_loss(double loss, const ImageBatch& images, const Output& full, const Losses& losses,
                                const StepPlace& place);
};

/// Replaces a tuner whose policies were refused, so that one mistake gives one error.
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
