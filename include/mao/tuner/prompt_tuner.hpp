// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One step of training: a prompt-tuning method, what a batch is made of, which loss it is judged by, how long and how
/// fast.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/ops.hpp>
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/losses.hpp>
#include <mao/tuner/optimizer.hpp>
#include <mao/tuner/outputs.hpp>
#include <mao/tuner/reports.hpp>
#include <mao/tuner/shares.hpp>
#include <mao/tuner/state.hpp>
#include <mao/tuner/views.hpp>

namespace mao {

/// Run-time settings of a tuner.
struct TunerOptions {
  std::uint64_t seed = 1;  ///< of batches and augmentation; the same seed gives the same run on any number of threads
  bool augment = false;    ///< random views of the training images instead of the evaluation view
  OptimizerOptions optimizer{};
  std::string name = "tuner";                  ///< how errors call this step
  std::shared_ptr<Workers> workers = nullptr;  ///< share every batch, to the same result; null: this process alone
};

namespace detail {

template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTunerImpl {
 public:
  using Options = TunerOptions;

  /// The backbone is shared, not copied: the next step goes on with it.
  PromptTunerImpl(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule,
                  Options options = {})
      : backbone_(backbone),
        sampler_(std::move(sampler)),
        regularizer_(std::move(regularizer)),
        schedule_(std::move(schedule)),
        options_(std::move(options)),
        optimizer_(backbone.parameters(), options_.optimizer) {
    if constexpr (MinesNegatives<SamplerT>) expect_mining(traits_of(backbone), options_.name);
  }

  /// Trains until the schedule ends or `observer.should_stop` says so. Image positions of the sampler refer to
  /// `images`.
  ///
  /// **Throws** `NumericError` naming step and tensor when a value stops being finite, `OptionError` when `workers`
  /// cannot share the batches of this method or loss, or start from different states.
  FitResult fit(ImageSource& images, const Observer& observer = {}) {
    expect_shareable(workers(), backbone_, regularizer_, options_.name);
    expect_same_start(workers(), epochs_done_, optimizer_.parameters(), options_.name);
    while (epochs_done_ < schedule_.epochs()) {
      if (!run_epoch(images, observer)) return FitResult::Stopped;
    }
    if constexpr (Finishes<BackboneT>) backbone_.finish();
    return FitResult::Finished;
  }

  /// A copy of the state at the end of the last whole epoch.
  [[nodiscard]] TunerState state() const { return state_of(backbone_, optimizer_, epochs_done_); }

  /// Goes on from a state. **Throws** `ShapeError` when it belongs to another method.
  void resume(const TunerState& state) {
    restore_state(backbone_, optimizer_, state, options_.name);
    epochs_done_ = state.epochs_done;
  }

  [[nodiscard]] const ScheduleT& schedule() const { return schedule_; }
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  /// False when asked to stop before the epoch's end.
  bool run_epoch(ImageSource& images, const Observer& observer) {
    const int epoch = epochs_done_;
    const bool twice = traits_of(backbone_).two_views;
    Rng rng = Rng(options_.seed)["batches"][static_cast<std::uint64_t>(epoch)];
    std::vector<Batch> batches;
    for (auto&& batch : sampler_.epoch(rng)) batches.push_back(std::forward<decltype(batch)>(batch));
    auto views = views_of(batches, options_.seed, epoch, options_.augment);
    for (auto& of_batch : views) of_batch = part_of(of_batch, share_of(std::ssize(of_batch), workers()));
    images.announce(wanted_views(views, twice));
    EpochReport total{.epoch = epoch, .epochs = schedule_.epochs(), .learning_rate = schedule_.learning_rate(epoch)};
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const bool stop = observer.should_stop && observer.should_stop();
      if (sums_over(workers(), {stop ? 1.0 : 0.0})[0] > 0) return false;
      StepReport report{.epoch = epoch,
                        .epochs = total.epochs,
                        .step = static_cast<int>(i),
                        .steps = static_cast<int>(batches.size()),
                        .learning_rate = total.learning_rate};
      step(batches[i], load_views(images, views[i], twice), report);
      if (observer.on_step) observer.on_step(report);
      total.loss += report.loss;
      total.accuracy += report.accuracy;
      ++(report.skipped ? total.skipped : total.steps);
    }
    total.loss /= std::max(1, total.steps);
    total.accuracy /= std::max(1, total.steps);
    ++epochs_done_;
    if constexpr (EpochAware<BackboneT>) backbone_.end_epoch({.epoch = epoch, .horizon = schedule_.epochs()});
    if (observer.on_epoch) observer.on_epoch(total);
    return true;
  }

  /// `images` are those of this worker's share.
  void step(Batch& batch, const ImageBatch& images, StepReport& report) {
    const Share share = share_of(batch.size(), workers());
    Batch part = part_of(batch, share);
    if constexpr (LabelsBatches<SamplerT>) {
      sampler_.label(part, images);
      gather_labels(batch, part, share, workers());
      part = part_of(batch, share);
    }
    report.images = static_cast<int>(batch.size());
    report.skipped = !trains(batch);
    if (report.skipped) return;
    const LossShare counted = loss_share(batch, share);
    if (counted.task == 0) part.weights.clear();  // its loss is a number, times 0
    const Candidates candidates = regularizer_.candidates(batch, backbone_.classes());
    report.candidates = static_cast<int>(candidates.size());
    Output full = backbone_.forward(images, encoded(candidates));
    full.images = images;
    Output output = select_candidates(full, candidates);
    const Losses losses = losses_of(backbone_, regularizer_, full, output, part, counted);
    const auto sums =
        sums_over(workers(), {losses.total.template item<double>(), batch_accuracy(output, part) * counted.auxiliary});
    report.loss = sums[0];
    report.accuracy = sums[1];
    require<NumericError>(std::isfinite(report.loss), where(report), ": the loss is ", report.loss,
                          "; lower the learning rate, or train in fp32 if a lower precision was asked for");
    optimizer_.zero_grad();
    back_propagate(backbone_, losses, workers());
    check_finite(optimizer_.parameters(), where(report));
    optimizer_.step(
        [&](const Parameter& parameter) { return learning_rate_of(schedule_, report.epoch, parameter.rate); });
  }

  [[nodiscard]] Workers* workers() const { return options_.workers.get(); }

  [[nodiscard]] Candidates encoded(const Candidates& candidates) const {
    return traits_of(backbone_).needs_all_classes ? Candidates::all(backbone_.classes().size()) : candidates;
  }

  [[nodiscard]] std::string where(const StepReport& report) const {
    return text_of(options_.name, ", epoch ", report.epoch + 1, ", step ", report.step + 1);
  }

  BackboneT& backbone_;
  SamplerT sampler_;
  RegularizerT regularizer_;
  ScheduleT schedule_;
  Options options_;
  Optimizer optimizer_;
  int epochs_done_ = 0;
};

/// Stands in for a tuner whose policies were refused, so that one mistake gives one error.
struct RefusedTuner {
  template <class... Args>
  explicit RefusedTuner(Args&&...) {}
  template <class... Args>
  FitResult fit(Args&&...) {
    return FitResult::Stopped;
  }
};

}  // namespace detail

/// `PromptTuner(backbone, sampler, regularizer, schedule).fit(images)`: see `mao::Backbone`, `mao::Sampler`,
/// `mao::Regularizer`, `mao::Schedule` for what a policy must offer.
///
/// A wrong policy is answered by one sentence at the line that names the tuner.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class PromptTuner : public std::conditional_t<explain::policies<BackboneT, SamplerT, RegularizerT, ScheduleT>,
                                              detail::PromptTunerImpl<BackboneT, SamplerT, RegularizerT, ScheduleT>,
                                              detail::RefusedTuner> {
  using Base =
      std::conditional_t<Tunable<BackboneT, SamplerT, RegularizerT, ScheduleT>,
                         detail::PromptTunerImpl<BackboneT, SamplerT, RegularizerT, ScheduleT>, detail::RefusedTuner>;

 public:
  using Base::Base;
};

template <class B, class S, class R, class Sch>
PromptTuner(B&, S, R, Sch) -> PromptTuner<B, S, R, Sch>;
template <class B, class S, class R, class Sch>
PromptTuner(B&, S, R, Sch, TunerOptions) -> PromptTuner<B, S, R, Sch>;

}  // namespace mao
