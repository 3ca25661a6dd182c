// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A learning rate that is multiplied by a factor at given epochs.

#include <algorithm>
#include <cmath>
#include <vector>

#include <mao/core/describe.hpp>
#include <mao/schedules/concepts.hpp>
#include <mao/schedules/warm_up.hpp>

namespace mao {

/// Settings of `StepSchedule`.
struct StepOptions {
  int epochs = 10;
  double learning_rate = 0.0035;
  std::vector<int> milestones{};  ///< epochs, counted from the end of the warm-up, at which the rate changes
  double factor = 0.1;            ///< factor of the rate at each milestone
  int warmup_epochs = 1;
  double warmup_learning_rate = 1e-5;
  WarmUp warmup = WarmUp::Constant;
  bool recount = true;  ///< false: milestones count from the first epoch; those within the warm-up have no effect
  static constexpr const char* fields[] = {"epochs",        "learning_rate",        "milestones", "factor",
                                           "warmup_epochs", "warmup_learning_rate", "warmup",     "recount"};
};

/// Warm-up, then `learning_rate * factor^n`, with n the number of milestones passed.
///
/// **Source** Dassl's single-step (`StepSchedule::every`) and multi-step schedulers after its warm-up scheduler.
class StepSchedule {
 public:
  using Options = StepOptions;

  /// **Throws** `OptionError` for a setting out of range.
  explicit StepSchedule(Options options = {});

  /// Milestones at every `interval`-th of `epochs` epochs. **Throws** `OptionError` for an interval below 1.
  [[nodiscard]] static std::vector<int> every(int interval, int epochs);

  /// Number of epochs, warm-up included.
  [[nodiscard]] int epochs() const { return options_.epochs; }

  /// The rate of an epoch, counted from 0. **Throws** `OptionError` outside [0, epochs).
  [[nodiscard]] double learning_rate(int epoch) const {
    detail::check_epoch(epoch, options_.epochs, "StepSchedule");
    if (epoch < options_.warmup_epochs) return detail::warm_up_rate(options_, epoch);
    const int first = options_.recount ? 0 : options_.warmup_epochs;
    const int now = options_.recount ? epoch - options_.warmup_epochs : epoch;
    const auto passed = std::count_if(options_.milestones.begin(), options_.milestones.end(),
                                      [&](int milestone) { return milestone > first && milestone <= now; });
    return options_.learning_rate * std::pow(options_.factor, static_cast<double>(passed));
  }

  /// The rate of a parameter group with its own factor of `learning_rate`, as in `CosineSchedule`.
  [[nodiscard]] double learning_rate(int epoch, double multiple) const {
    return detail::multiple_in(options_, epoch, multiple) * learning_rate(epoch);
  }

  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("StepSchedule", options_); }

 private:
  Options options_;
};
static_assert(Schedule<StepSchedule>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/schedules/impl/step.ipp>
#endif
