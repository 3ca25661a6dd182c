// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A training epoch by epoch: the batches of each, a step for each batch, the end of it, and the state between two.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mao/tuner/detail/state.hpp>
#include <mao/tuner/step.hpp>

namespace mao::detail {

/// Seconds of a clock that only moves forward.
double seconds_now();

/// What `PromptTuner` is made of, on top of its step.
class TrainingEpoch : protected TrainingStep {
 public:
  using Options = TunerOptions;

  /// The batches of the next epoch as the sampler draws them, one for each `step`. `images` outlives the epoch. An
  /// epoch that was left before its last step begins again. **Throws** as `fit`, and `OptionError` when the epoch
  /// before was not ended.
  std::vector<Batch> begin_epoch(ImageSource& images);

  /// The next step of the epoch, with its batch. Labels, weights and targets may be changed before; the images are
  /// those that were drawn. **Throws** as `fit`, and `OptionError` for other images and when no step is left.
  StepReport step(Batch batch);

  /// After the last step of an epoch. **Throws** as `fit`, and `OptionError` when steps are left.
  EpochReport end_epoch();

  /// A whole epoch: `begin_epoch`, its steps, `end_epoch`.
  EpochReport epoch(ImageSource& images);

  /// After the last epoch of the schedule: the backbone puts what it has learned in its place. `fit` does it.
  void finish();

  /// A copy of the state at the end of the last complete epoch.
  [[nodiscard]] TunerState state() const;

  /// Continues from a state. **Throws** `ShapeError` when it belongs to another method, `OptionError` that lists both
  /// when it belongs to other classes, another model, optimizer, seed, rate, or a policy with other settings.
  void resume(const TunerState& state);

  [[nodiscard]] const Options& options() const { return options_; }

 protected:
  /// What a resumed training must share with the saved one (`training_of`).
  using DescribeTraining = std::function<std::map<std::string, std::string>(const Optimizer&)>;

  TrainingEpoch(std::unique_ptr<BackboneCalls> backbone, std::unique_ptr<PolicyCalls> policies, Options options,
                const DescribeTraining& describe);

  /// Everything is there for training; an epoch that was left is undone.
  void expect_ready(ImageSource& images);

  std::vector<Batch> begun(ImageSource& images);

  StepReport stepped(Batch& batch, const Observers& observers);

  EpochReport ended(const Observers& observers);

  int epochs_done_ = 0;
  int begun_at_ = 0;  // the epochs of the state that this training was resumed from
  bool finished_ = false;

 private:
  /// An epoch under way.
  struct Running {
    ImageSource* images = nullptr;
    std::int64_t count = 0;
    bool twice = false;
    double start = 0;
    std::vector<std::vector<View>> views{};
    std::vector<std::vector<std::int64_t>> drawn{};  // images of each batch
    EpochReport total{};
    int next = 0;

    [[nodiscard]] int steps() const { return static_cast<int>(drawn.size()); }
  };

  /// The batches of an epoch, which the sampler has to draw alike whenever it is asked.
  std::vector<Batch> drawn_for(int epoch, std::int64_t images);

  /// What is left to do with gradients and backbone; the checks of an epoch.
  void finish_epoch(const Observers& observers);

  void expect_trainable() const;

  [[nodiscard]] TunerState current_state() const;

  /// The batches of the last epoch of a state as this sampler draws them; the sampler is as it was afterwards.
  std::string drawn_again(const TunerState& state);

  void restore(const TunerState& state);

  std::map<std::string, std::string> training_;
  std::optional<TunerState> whole_;     // of the last complete epoch, while another one is trained
  std::string drawn_, drawing_;         // the batches of the last complete epoch, and of the one that is trained
  TensorMap drawn_from_, before_draw_;  // what the sampler kept before those were drawn
  std::optional<Running> running_;
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/epoch.ipp>
#endif
