// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The schedule of CoOp, MaPLe, PromptSRC and MAO: warm-up epochs at a low rate, then half a cosine.

#include <cmath>
#include <mao/core/error.hpp>
#include <mao/schedules/concepts.hpp>
#include <numbers>

namespace mao {

/// The learning rate of the warm-up epochs.
enum class WarmUp {
  Constant,  ///< `warmup_learning_rate` in each
  Linear     ///< `warmup_learning_rate` in the first, then e / warmup_epochs of the full rate
};

/// Settings of `CosineSchedule`; the defaults are those of a step of MAO.
struct CosineOptions {
  int epochs = 10;
  double learning_rate = 0.0035;
  int warmup_epochs = 1;
  double warmup_learning_rate = 1e-5;
  WarmUp warmup = WarmUp::Constant;
  bool recount = true;  ///< the cosine starts at its top after the warm-up; false: the warm-up epochs count as passed
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
    require<OptionError>(options_.epochs >= 1, "CosineSchedule: epochs = ", options_.epochs, ", expected at least 1");
    require<OptionError>(std::isfinite(options_.learning_rate) && options_.learning_rate > 0,
                         "CosineSchedule: learning_rate = ", options_.learning_rate, ", expected a number above 0");
    require<OptionError>(options_.warmup_epochs >= 0 && options_.warmup_epochs <= options_.epochs,
                         "CosineSchedule: warmup_epochs = ", options_.warmup_epochs,
                         ", expected 0 to epochs = ", options_.epochs);
    require<OptionError>(std::isfinite(options_.warmup_learning_rate) && options_.warmup_learning_rate >= 0,
                         "CosineSchedule: warmup_learning_rate = ", options_.warmup_learning_rate,
                         ", expected 0 or a number above");
  }

  /// Number of epochs, warm-up included.
  [[nodiscard]] int epochs() const { return options_.epochs; }

  /// The rate of an epoch, counted from 0. **Throws** `OptionError` outside [0, epochs).
  [[nodiscard]] double learning_rate(int epoch) const {
    require<OptionError>(epoch >= 0 && epoch < options_.epochs, "CosineSchedule: epoch ", epoch, " of ",
                         options_.epochs, ", expected 0 to ", options_.epochs - 1);
    if (epoch < options_.warmup_epochs) return warm_up_rate(epoch);
    if (options_.recount) return options_.learning_rate * raised_cosine(epoch - options_.warmup_epochs) / 2;
    return options_.learning_rate * raised_cosine(epoch) / raised_cosine(options_.warmup_epochs);
  }

  /// The rate of a parameter group with its own multiple of `learning_rate`, which the first warm-up rate is not
  /// multiplied with: there every group has the same (Dassl).
  [[nodiscard]] double learning_rate(int epoch, double multiple) const {
    const bool same_for_all = epoch < options_.warmup_epochs && (options_.warmup == WarmUp::Constant || epoch == 0);
    return same_for_all ? learning_rate(epoch) : multiple * learning_rate(epoch);
  }

  [[nodiscard]] const Options& options() const { return options_; }

 private:
  [[nodiscard]] double warm_up_rate(int epoch) const {
    if (options_.warmup == WarmUp::Constant || epoch == 0) return options_.warmup_learning_rate;
    return options_.learning_rate * epoch / options_.warmup_epochs;
  }

  [[nodiscard]] double raised_cosine(int epoch) const {
    return 1 + std::cos(std::numbers::pi * epoch / options_.epochs);
  }

  Options options_;
};
static_assert(Schedule<CosineSchedule>);

}  // namespace mao
