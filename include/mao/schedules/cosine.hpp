// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The schedule of CoOp, MaPLe, PromptSRC and MAO: warm-up epochs at a low rate, then half a cosine.

#include <cmath>
#include <numbers>

#include <mao/core/describe.hpp>
#include <mao/schedules/concepts.hpp>
#include <mao/schedules/warm_up.hpp>

namespace mao {

/// Settings of `CosineSchedule`; the defaults are those of a stage of MAO.
struct CosineOptions {
  int epochs = 10;
  double learning_rate = 0.0035;
  int warmup_epochs = 1;
  double warmup_learning_rate = 1e-5;
  WarmUp warmup = WarmUp::Constant;
  bool recount = true;  ///< the cosine starts at its maximum after the warm-up; false: warm-up epochs count as passed
  static constexpr const char* fields[] = {"epochs", "learning_rate", "warmup_epochs", "warmup_learning_rate",
                                           "warmup", "recount"};
};

/// Warm-up, then `learning_rate * (1 + cos(pi * t / epochs)) / 2`, where t counts the epochs after the warm-up.
///
/// The period is `epochs`, including the warm-up, so the last epoch's rate is small but not 0.
/// **Source** Dassl's cosine scheduler after its warm-up scheduler, as used by MAO and its backbones.
class CosineSchedule {
 public:
  using Options = CosineOptions;

  /// **Throws** `OptionError` for a setting out of range.
  explicit CosineSchedule(Options options = {}) : options_(options) {
    detail::check_epochs_and_warm_up(options_, "CosineSchedule");
  }

  explicit CosineSchedule(std::initializer_list<detail::NoSettings>) : CosineSchedule(Options()) {}  // of {}

  /// Number of epochs, warm-up included.
  [[nodiscard]] int epochs() const { return options_.epochs; }

  /// The rate of an epoch, counted from 0. **Throws** `OptionError` outside [0, epochs).
  [[nodiscard]] double learning_rate(int epoch) const {
    detail::check_epoch(epoch, options_.epochs, "CosineSchedule");
    if (epoch < options_.warmup_epochs) return detail::warm_up_rate(options_, epoch);
    if (options_.recount) return options_.learning_rate * raised_cosine(epoch - options_.warmup_epochs) / 2;
    return options_.learning_rate * raised_cosine(epoch) / raised_cosine(options_.warmup_epochs);
  }

  /// The rate of a parameter group with its own factor of `learning_rate`. The first warm-up rate is not multiplied: it
  /// is the same for all groups (Dassl).
  [[nodiscard]] double learning_rate(int epoch, double multiple) const {
    return detail::multiple_in(options_, epoch, multiple) * learning_rate(epoch);
  }

  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("CosineSchedule", options_); }

 private:
  [[nodiscard]] double raised_cosine(int epoch) const {
    return 1 + std::cos(std::numbers::pi * epoch / options_.epochs);
  }

  Options options_;
};
static_assert(Schedule<CosineSchedule>);

}  // namespace mao
