// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The warm-up, which several schedules share: the first epochs have their own rate.

#include <mao/core/error.hpp>
#include <mao/schedules/concepts.hpp>

namespace mao {

/// The learning rate of the warm-up epochs.
enum class WarmUp {
  Constant,  ///< `warmup_learning_rate` in each epoch
  Linear     ///< `warmup_learning_rate` in the first, then e / warmup_epochs of the full rate
};

namespace detail {

/// **Throws** `OptionError` if epochs, rate or warm-up of a schedule's options are out of range.
template <class Options>
void check_epochs_and_warm_up(const Options& options, const char* name) {
  require<OptionError>(options.epochs >= 1, name, ": epochs = ", options.epochs, ", expected at least 1");
  require<OptionError>(is_rate(options.learning_rate) && options.learning_rate > 0, name,
                       ": learning_rate = ", options.learning_rate, ", expected a number above 0 that fp32 can hold");
  require<OptionError>(options.warmup_epochs >= 0 && options.warmup_epochs <= options.epochs, name,
                       ": warmup_epochs = ", options.warmup_epochs, ", expected 0 to epochs = ", options.epochs);
  require<OptionError>(is_rate(options.warmup_learning_rate), name,
                       ": warmup_learning_rate = ", options.warmup_learning_rate,
                       ", expected 0 or a number above that fp32 can hold");
}

/// **Throws** `OptionError` outside [0, epochs).
void check_epoch(int epoch, int epochs, const char* name);

/// The rate of an epoch before `warmup_epochs`.
template <class Options>
double warm_up_rate(const Options& options, int epoch) {
  if (options.warmup == WarmUp::Constant || epoch == 0) return options.warmup_learning_rate;
  return options.learning_rate * epoch / options.warmup_epochs;
}

/// The factor of a parameter group that applies in an epoch: 1 if the warm-up gives every group the same rate
/// (Dassl).
template <class Options>
double multiple_in(const Options& options, int epoch, double multiple) {
  const bool same_for_all = epoch < options.warmup_epochs && (options.warmup == WarmUp::Constant || epoch == 0);
  return same_for_all ? 1.0 : multiple;
}

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/schedules/impl/warm_up.ipp>
#endif
