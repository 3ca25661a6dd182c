// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a tuner asks of its sampler, regularizer and schedule, behind one type, so that training is compiled once.

#include <string>
#include <utility>
#include <vector>

#include <mao/parallel/shares.hpp>
#include <mao/tuner/concepts.hpp>
#include <mao/tuner/detail/checks.hpp>
#include <mao/tuner/detail/sampler_state.hpp>

namespace mao::detail {

/// What the types of the policies say.
struct PolicyTraits {
  bool mines_negatives = false, follows_epochs = false, labels_batches = false;
  bool keeps_state = false, labels_from_state = false, compares_images = false;
};

/// Calls of the three policies.
class PolicyCalls {
 public:
  virtual ~PolicyCalls() = default;
  virtual std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) = 0;
  virtual void label(Batch& batch, const ImageBatch& images) = 0;
  [[nodiscard]] virtual TensorMap sampler_state(const StepPlace& place) const = 0;
  virtual void restore_sampler(const TensorMap& state, const StepPlace& place) = 0;
  virtual void expect_counted(std::int64_t images, const std::string& name) const = 0;
  /// **Throws** `OptionError` when a policy says that it is for other classes.
  virtual void expect_stated(const ClassList& classes, const std::string& name) const = 0;
  [[nodiscard]] virtual Candidates candidates(const Batch& batch, const ClassList& classes) const = 0;
  [[nodiscard]] virtual Tensor loss(const Output& output, const Batch& batch) const = 0;
  [[nodiscard]] virtual int epochs() const = 0;
  /// Of a parameter with that multiple; `multiple` null: the schedule's own rate.
  [[nodiscard]] virtual double learning_rate(const StepTime& time, const double* multiple) const = 0;

  const PolicyTraits traits;

 protected:
  explicit PolicyCalls(const PolicyTraits& of_types) : traits(of_types) {}
};

/// The batches of an epoch, from a sampler that is told the epoch or is not.
template <Sampler SamplerT>
std::vector<Batch> batches_of(SamplerT& sampler, Rng& rng, const EpochInfo& info) {
  std::vector<Batch> batches;
  const auto take = [&](auto&& drawn) {
    for (auto&& batch : drawn) batches.push_back(std::forward<decltype(batch)>(batch));
  };
  if constexpr (FollowsEpochs<SamplerT>) {
    take(sampler.epoch(rng, info));
  } else {
    take(sampler.epoch(rng));
  }
  return batches;
}

template <class SamplerT>
constexpr bool mines_negatives() {
  if constexpr (MinesNegatives<SamplerT>) return true;
  return false;
}

/// Holds the policies of a tuner.
template <class SamplerT, class RegularizerT, class ScheduleT>
class PoliciesOf final : public PolicyCalls {
 public:
  PoliciesOf(SamplerT a_sampler, RegularizerT a_regularizer, ScheduleT a_schedule)
      : PolicyCalls({.mines_negatives = mines_negatives<SamplerT>(),
                     .follows_epochs = FollowsEpochs<SamplerT>,
                     .labels_batches = LabelsBatches<SamplerT>,
                     .keeps_state = KeepsState<SamplerT>,
                     .labels_from_state = LabelsFromState<SamplerT>,
                     .compares_images = mao::compares_images(a_regularizer)}),
        sampler(std::move(a_sampler)),
        regularizer(std::move(a_regularizer)),
        schedule(std::move(a_schedule)) {}

  std::vector<Batch> epoch(Rng& rng, const EpochInfo& info) override { return batches_of(sampler, rng, info); }
  void label(Batch& batch, const ImageBatch& images) override {
    if constexpr (LabelsBatches<SamplerT>) sampler.label(batch, images);
  }
  [[nodiscard]] TensorMap sampler_state(const StepPlace& place) const override {
    return mao::sampler_state(sampler, place);
  }
  void restore_sampler(const TensorMap& state, const StepPlace& place) override {
    mao::restore_sampler(sampler, state, place);
  }
  void expect_counted(std::int64_t images, const std::string& name) const override {
    mao::expect_counted(sampler, images, name);
  }
  void expect_stated(const ClassList& classes, const std::string& name) const override {
    mao::expect_stated(sampler, classes, name + ": the sampler or its labeller is for");
    mao::expect_stated(regularizer, classes, name + ": the regularizer is for");
  }
  [[nodiscard]] Candidates candidates(const Batch& batch, const ClassList& classes) const override {
    return regularizer.candidates(batch, classes);
  }
  [[nodiscard]] Tensor loss(const Output& output, const Batch& batch) const override {
    return regularizer(output, batch);
  }
  [[nodiscard]] int epochs() const override { return static_cast<int>(schedule.epochs()); }
  [[nodiscard]] double learning_rate(const StepTime& time, const double* multiple) const override {
    if (multiple != nullptr) return learning_rate_of(schedule, time, *multiple);
    if constexpr (FollowsSteps<ScheduleT>) return schedule.learning_rate(time);
    return schedule.learning_rate(time.epoch);
  }

  SamplerT sampler;
  RegularizerT regularizer;
  ScheduleT schedule;
};

}  // namespace mao::detail
