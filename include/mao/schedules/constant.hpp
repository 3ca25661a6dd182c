// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The same learning rate in every epoch.

#include <mao/core/describe.hpp>
#include <mao/schedules/concepts.hpp>

namespace mao {

/// Settings of `ConstantSchedule`.
struct ConstantOptions {
  int epochs = 10;
  double learning_rate = 0.0035;
  static constexpr const char* fields[] = {"epochs", "learning_rate"};
};

/// One learning rate for all epochs, for tests and comparisons.
class ConstantSchedule {
 public:
  using Options = ConstantOptions;

  /// **Throws** `OptionError` for a setting out of range.
  explicit ConstantSchedule(Options options = {});

  explicit ConstantSchedule(std::initializer_list<detail::NoSettings>) : ConstantSchedule(Options()) {}  // of {}

  /// Number of epochs.
  [[nodiscard]] int epochs() const { return options_.epochs; }

  /// The rate of an epoch, counted from 0. **Throws** `OptionError` outside [0, epochs).
  [[nodiscard]] double learning_rate(int epoch) const;

  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const { return described("ConstantSchedule", options_); }

 private:
  Options options_;
};
static_assert(Schedule<ConstantSchedule>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/schedules/impl/constant.ipp>
#endif
