// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a schedule must offer, and what the compiler says to a type that does not.

#include <concepts>
#include <initializer_list>
#include <limits>
#include <type_traits>

namespace mao {

/// How many epochs a step of training has, and the learning rate of each (epochs count from 0).
template <class S>
concept Schedule = requires(const S& schedule, int epoch) {
  { schedule.epochs() } -> std::integral;
  { schedule.learning_rate(epoch) } -> std::floating_point;
};

/// The rate of a parameter that learns at a multiple of the schedule's rate. A schedule with
/// `learning_rate(epoch, multiple)` decides which epochs the multiple applies to.
template <Schedule S>
double learning_rate_of(const S& schedule, int epoch, double multiple) {
  if constexpr (requires { schedule.learning_rate(epoch, multiple); }) {
    return schedule.learning_rate(epoch, multiple);
  } else {
    return multiple * schedule.learning_rate(epoch);
  }
}

/// Where a step is in its training.
struct StepTime {
  int epoch = 0;  ///< from 0
  int step = 0;   ///< of the epoch, from 0
  int steps = 1;  ///< of the epoch

  /// Epochs that have passed, a part of one included.
  [[nodiscard]] double epochs() const { return epoch + static_cast<double>(step) / steps; }
};

/// A schedule whose rate depends on the step too: `learning_rate(const mao::StepTime&)`, beside that of an epoch, which
/// reports show.
template <class S>
concept FollowsSteps = Schedule<S> && requires(const S& schedule, const StepTime& time) {
  { schedule.learning_rate(time) } -> std::floating_point;
};

/// The rate of a step, of a parameter with that multiple; one `FollowsSteps` is multiplied with it.
template <Schedule S>
double learning_rate_of(const S& schedule, const StepTime& time, double multiple) {
  if constexpr (FollowsSteps<S>) {
    return multiple * schedule.learning_rate(time);
  } else {
    return learning_rate_of(schedule, time.epoch, multiple);
  }
}

namespace detail {

/// What `{}` is, where a schedule is made of its options: `CosineSchedule({})` has the defaults, as a copy of nothing
/// would be meant by nobody.
enum class NoSettings {};

/// A learning rate that parameters of fp32 can be multiplied with.
inline bool is_rate(double rate) { return rate >= 0 && rate <= std::numeric_limits<float>::max(); }

}  // namespace detail

namespace explain {

/// Whether `S` is a `Schedule`; where it is not, compilation stops with the first thing that is missing.
template <class S>
consteval bool schedule() {
  constexpr bool is_class = std::is_class_v<S>;
  static_assert(
      is_class,
      "mao: not a Schedule: this is not a class (is it a pointer or a number?), pass the schedule itself by value, e.g. "
      "CosineSchedule{}; see docs/concepts/schedule.md");
  if constexpr (is_class) {
    constexpr bool counts = requires(const S& s) { s.epochs(); };
    constexpr bool counts_steps = requires(const S& s) { s.total_steps(); };
    constexpr bool rates = requires(const S& s, int epoch) { s.learning_rate(epoch); };
    constexpr bool rates_unless_const = requires(S & s, int epoch) { s.learning_rate(epoch); };
    constexpr bool lr = requires(const S& s, int epoch) { s.lr(epoch); };
    static_assert(
        counts || !counts_steps,
        "mao: not a Schedule: it counts steps, rename `total_steps()` to `int epochs() const` and count epochs; "
        "see docs/concepts/schedule.md");
    static_assert(counts || counts_steps,
                  "mao: not a Schedule: no `epochs()`, add `int epochs() const`; see docs/concepts/schedule.md");
    static_assert(!counts || rates || !lr,
                  "mao: not a Schedule: no `learning_rate(int)`, rename `lr` to `learning_rate`; "
                  "see docs/concepts/schedule.md");
    static_assert(
        !counts || rates || lr || !rates_unless_const,
        "mao: not a Schedule: `learning_rate(int)` is not const, add `const` and keep no state between calls; "
        "see docs/concepts/schedule.md");
    static_assert(!counts || rates || lr || rates_unless_const,
                  "mao: not a Schedule: no `learning_rate(int)`, add `double learning_rate(int epoch) const`; "
                  "see docs/concepts/schedule.md");
    static_assert(
        !counts || !rates || Schedule<S>,
        "mao: not a Schedule: a wrong return type, let `epochs()` return int and `learning_rate(int)` double; "
        "see docs/concepts/schedule.md");
  }
  return Schedule<S>;
}

}  // namespace explain
}  // namespace mao
