// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The same learning rate in every epoch.

#include <mao/core/error.hpp>
#include <mao/schedules/concepts.hpp>

namespace mao {

/// Settings of `ConstantSchedule`.
struct ConstantOptions {
  int epochs = 10;
  double learning_rate = 0.0035;
};

/// One learning rate throughout, for tests and for comparisons.
class ConstantSchedule {
 public:
  using Options = ConstantOptions;

  /// **Throws** `OptionError` for a setting out of range.
  explicit ConstantSchedule(Options options = {}) : options_(options) {
    require<OptionError>(options_.epochs >= 1, "ConstantSchedule: epochs = ", options_.epochs, ", expected at least 1");
    require<OptionError>(detail::is_rate(options_.learning_rate) && options_.learning_rate > 0,
                         "ConstantSchedule: learning_rate = ", options_.learning_rate, ", expected a number above 0 that fp32 can hold");
  }

  /// Number of epochs.
  [[nodiscard]] int epochs() const { return options_.epochs; }

  /// The rate of an epoch, counted from 0. **Throws** `OptionError` outside [0, epochs).
  [[nodiscard]] double learning_rate(int epoch) const {
    require<OptionError>(epoch >= 0 && epoch < options_.epochs, "ConstantSchedule: epoch ", epoch, " of ",
                         options_.epochs, ", expected 0 to ", options_.epochs - 1);
    return options_.learning_rate;
  }

  [[nodiscard]] const Options& options() const { return options_; }

 private:
  Options options_;
};
static_assert(Schedule<ConstantSchedule>);

}  // namespace mao
