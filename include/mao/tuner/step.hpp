// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The policies of a tuner at work: one batch, from its labels to the update.

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <mao/core/detail/ops.hpp>
#include <mao/data/class_key.hpp>
#include <mao/optimizers/optimizer.hpp>
#include <mao/parallel/shares.hpp>
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/detail/checks.hpp>
#include <mao/tuner/detail/gradients.hpp>
#include <mao/tuner/detail/losses.hpp>
#include <mao/tuner/detail/observers.hpp>
#include <mao/tuner/detail/outputs.hpp>
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
};

namespace detail {

/// What `PromptTuner` is made of. Each call of a policy is checked as far as that is free.
template <class BackboneT, class SamplerT, class RegularizerT, class ScheduleT>
class TrainingStep {
 protected:
  TrainingStep(BackboneT& backbone, SamplerT sampler, RegularizerT regularizer, ScheduleT schedule,
               TunerOptions options)
      : backbone_(backbone),
        sampler_(std::move(sampler)),
        regularizer_(std::move(regularizer)),
        schedule_(std::move(schedule)),
        options_(std::move(options)),
        classes_(backbone.classes()),
        optimizer_(parameters({.name = options_.name}), options_.optimizer),
        gathered_(options_.accumulate) {
    require<OptionError>(std::isfinite(options_.clip_norm) && options_.clip_norm >= 0, options_.name,
                         ": clip_norm = ", options_.clip_norm, ", expected a length above 0, or 0 for any");
    require<OptionError>(classes_.size() > 0, options_.name,
                         ": the backbone is bound to no class; bind it to those "
                         "that the labels are positions in before the tuner is made");
    check_class_names(classes_, options_.name + ": the backbone's classes");
  }

  /// What the backbone trains.
  ParameterList parameters(const StepPlace& place) {
    return policy_call(
        place, "the backbone's `parameters`", [] { return "tensors by name"; }, [&] { return backbone_.parameters(); });
  }

  /// What the schedule says: the number of its epochs, the rate of one, and that of a parameter with a multiple.
  [[nodiscard]] int epochs() const {
    return policy_call(
        {.name = options_.name}, "the schedule's `epochs`", [] { return "a number"; },
        [&] { return static_cast<int>(schedule_.epochs()); });
  }
  [[nodiscard]] double rate_of(int epoch, const Parameter* of = nullptr) const {
    const StepPlace place{.name = options_.name, .epoch = epoch};
    const double rate = policy_call(
        place, "the schedule's `learning_rate`", [] { return "a finite number, 0 or above"; },
        [&]() -> double {
          return of == nullptr ? schedule_.learning_rate(epoch) : learning_rate_of(schedule_, epoch, of->rate);
        });
    return checked_rate(rate, place, of == nullptr || of->rate == 1 ? std::string() : of->name);
  }

  std::vector<Batch> draw(int epoch) {
    Rng rng = Rng(options_.seed)["batches"][static_cast<std::uint64_t>(epoch)];
    const auto drawn = [&]() -> decltype(auto) {
      if constexpr (FollowsEpochs<SamplerT>) {
        return sampler_.epoch(rng, EpochInfo{.epoch = epoch, .horizon = epochs()});
      } else {
        return sampler_.epoch(rng);
      }
    };
    std::vector<Batch> batches;
    policy_call(
        {.name = options_.name, .epoch = epoch}, "the sampler's `epoch`", [] { return "batches"; },
        [&] {
          for (auto&& batch : drawn()) batches.push_back(std::forward<decltype(batch)>(batch));
        });
    return batches;
  }

  /// One update: labels, candidates, forward pass, losses, backward pass. `images` are those of this worker's share.
  void step(Batch& batch, const ImageBatch& images, StepReport& report, const Observers& observers = {}) {
    const StepPlace place{.name = options_.name, .epoch = report.epoch, .step = report.step};
    if (!(backbone_.classes() == classes_)) expect_policies_agree();
    SharedBatch shared(batch, workers());
    label(shared, images, place);
    report.images = static_cast<int>(batch.size());
    report.skipped = !trains(batch);
    if (report.skipped) {
      if (gathered_.complete(optimizer_.parameters(), 0)) update(report, place, observers);
      return;
    }
    const Candidates candidates = candidates_of(batch, place);
    const Output full = forward(images, encoded(candidates), shared.size(), place);
    Output output = select_candidates(full, candidates);
    const Losses losses = losses_of(backbone_, regularizer_, full, output, shared.part(), shared.counts(), place);
    report.candidates = static_cast<int>(candidates.size());
    std::tie(report.loss, report.accuracy) =
        shared.sums(losses.total.template item<double>(), batch_accuracy(output, shared.part()));
    if (!std::isfinite(report.loss)) refuse_loss(report.loss, images, full, losses, place);
    differentiate(losses, place);
    if (gathered_.complete(optimizer_.parameters(), weight_of(batch))) update(report, place, observers);
  }

  /// The gradients of the parameters become an update.
  void update(StepReport& report, const StepPlace& place, const Observers& observers) {
    const ParameterList& parameters = optimizer_.parameters();
    change_.before(parameters, place);
    observers.gradients(parameters, report);
    if (options_.clip_norm > 0) clip_gradients(parameters, options_.clip_norm);
    double fastest = 0;
    const auto expected = [] { return "learning rate, weight decay and other factors whose products fit into fp32"; };
    policy_call(place, "the optimizer's step", expected, [&] {
      optimizer_.step([&](const Parameter& parameter) {
        const double rate = rate_of(place.epoch, &parameter);
        fastest = std::max(fastest, rate);
        return rate;
      });
    });
    change_.after(parameters, fastest);
    ++updates_;
    report.updated = true;
  }

  /// Backbone, sampler and regularizer speak of the classes that the tuner was made for.
  void expect_policies_agree() const {
    expect_same_classes(backbone_.classes(), classes_, options_.name + ": the backbone is bound to",
                        "this tuner was made for those: bind the backbone before the tuner is made, and to its classes "
                        "again after an evaluation (`test_on` does)");
    expect_stated(sampler_, classes_, options_.name + ": the sampler or its labeller is for");
    expect_stated(regularizer_, classes_, options_.name + ": the regularizer is for");
  }

  [[nodiscard]] Workers* workers() const { return options_.workers.get(); }
  [[nodiscard]] bool ignores_labels() const { return traits_of(backbone_).ignores_labels; }

  [[nodiscard]] Candidates encoded(const Candidates& candidates) const {
    return traits_of(backbone_).needs_all_classes ? Candidates::all(classes_.size()) : candidates;
  }

  BackboneT& backbone_;
  SamplerT sampler_;
  RegularizerT regularizer_;
  ScheduleT schedule_;
  TunerOptions options_;
  ClassList classes_;
  Optimizer optimizer_;
  ChangeWatch change_;
  int updates_ = 0;  // of the parameters
  GatheredGradients gathered_;

 private:
  /// Labels that a sampler gives once the images are there: pseudo labels.
  void label(SharedBatch& shared, const ImageBatch& images, const StepPlace& place) {
    if constexpr (LabelsBatches<SamplerT>) {
      Batch part = shared.part();
      policy_call(
          place, "the sampler's `label`", [&] { return text_of(part.size(), " labels"); },
          [&] { sampler_.label(part, images); });
      check_labels(part, classes_.size(), !ignores_labels(), "the sampler's `label`", place);
      shared.gather_labels(std::move(part));
    }
  }

  /// The classes that the batch is judged against.
  Candidates candidates_of(const Batch& batch, const StepPlace& place) {
    Candidates candidates = policy_call(
        place, "the regularizer's `candidates`", [] { return "classes of the list"; },
        [&] { return regularizer_.candidates(batch, backbone_.classes()); });
    check_candidates(candidates, batch, classes_.size(), ignores_labels(), place);
    return candidates;
  }

  Output forward(const ImageBatch& images, const Candidates& asked, std::int64_t count, const StepPlace& place) {
    const auto expected = [&] { return text_of("logits ", shape_text({count, asked.size()}), " of the candidates"); };
    Output full =
        policy_call(place, "the backbone's `forward`", expected, [&] { return backbone_.forward(images, asked); });
    check_output(full, asked, count, optimizer_.parameters().front().value, !ignores_labels(), place);
    full.images = images;
    return full;
  }

  /// The gradients of the losses, in the place of those that were there.
  void differentiate(const Losses& losses, const StepPlace& place) {
    optimizer_.zero_grad();
    policy_call(
        place, "the backward pass", [] { return "a loss with a graph to the parameters"; },
        [&] { back_propagate(backbone_, losses, workers()); });
    check_finite(optimizer_.parameters(), text_of(place), updates_ > 0);
  }

  [[noreturn]] void refuse_loss(double loss, const ImageBatch& images, const Output& full, const Losses& losses,
                                const StepPlace& place) {
    throw NumericError(text_of(place, ": the loss is ", loss, "; ",
                               why_not_finite(optimizer_.parameters(), images, full, losses, classes_, updates_ > 0,
                                              traits_of(backbone_).frozen_image_tower)));
  }
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
