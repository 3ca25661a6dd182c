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

/// Settings of `CosineSchedule`; the defaults are those of a step of MAO.
struct CosineOptions {
  int epochs = 10;
  double learning_rate = 0.0035;
  int warmup_epochs = 1;
  double warmup_learning_rate = 1e-5;
  WarmUp warmup = WarmUp::Constant;
  bool recount = true;  ///< the cosine starts at its top after the warm-up; false: the warm-up epochs count as passed
  static constexpr const char* fields[] = {"epochs", "learning_rate", "warmup_epochs", "warmup_learning_rate",
                                           "warmup", "recount"};
};

/// Warm-up, then `learning_rate * (1 + cos(pi * t / epochs)) / 2`, where t counts the epochs after the warm-up.
///
/// The period is `epochs`, not what is left of it after the warm-up, so the last epoch's rate is small but never 0.
/// **Source** Dassl's cosine scheduler behind its warm-up scheduler, which MAO and its backbones train with.
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

  /// The rate of a parameter group with its own multiple of `learning_rate`, which the first warm-up rate is not
  /// multiplied with: there every group has the same (Dassl).
  [[nodiscard]] double learning_rate(int epoch, double multiple) const {
    return detail::multiple_in(options_, epoch, multiple) * learning_rate(epoch);
  }

  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings, to be compared with those of a saved training.
  [[nodiscard]] Description describe() const { return described("CosineSchedule", options_); }

 private:
  [[nodiscard]] double raised_cosine(int epoch) const {
    return 1 + std::cos(std::numbers::pi * epoch / options_.epochs);
  }

  Options options_;
};
static_assert(Schedule<CosineSchedule>);

}  // namespace mao
