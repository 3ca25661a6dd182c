// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The requirements for a schedule, and the compiler errors for types that do not fulfil them.

#include <concepts>
#include <initializer_list>
#include <limits>
#include <type_traits>

namespace mao {

/// The number of epochs of a stage, and the learning rate of each epoch (counted from 0).
template <class S>
concept Schedule = requires(const S& schedule, int epoch) {
  { schedule.epochs() } -> std::integral;
  { schedule.learning_rate(epoch) } -> std::floating_point;
};

/// The rate of a parameter with a factor for the schedule's rate. A schedule with `learning_rate(epoch, multiple)`
/// decides in which epochs the factor applies.
template <Schedule S>
double learning_rate_of(const S& schedule, int epoch, double multiple) {
  if constexpr (requires { schedule.learning_rate(epoch, multiple); }) {
    return schedule.learning_rate(epoch, multiple);
  } else {
    return multiple * schedule.learning_rate(epoch);
  }
}

/// The position of a step in a training run.
struct StepTime {
  int epoch = 0;  ///< from 0
  int step = 0;   ///< in the epoch, from 0
  int steps = 1;  ///< number of steps in the epoch

  /// The number of epochs that have passed, including the fraction of the current one.
  [[nodiscard]] double epochs() const { return epoch + static_cast<double>(step) / steps; }
};

/// A schedule whose rate also depends on the step: it has `learning_rate(const mao::StepTime&)` besides the function of
/// the epoch, which reports show.
template <class S>
concept FollowsSteps = Schedule<S> && requires(const S& schedule, const StepTime& time) {
  { schedule.learning_rate(time) } -> std::floating_point;
};

/// The rate of a step for a parameter with that factor; the rate of a schedule that `FollowsSteps` is multiplied by it.
template <Schedule S>
double learning_rate_of(const S& schedule, const StepTime& time, double multiple) {
  if constexpr (FollowsSteps<S>) {
    return multiple * schedule.learning_rate(time);
  } else {
    return learning_rate_of(schedule, time.epoch, multiple);
  }
}

namespace detail {

/// Makes `CosineSchedule({})` mean the default options; without it, `{}` would be ambiguous with a copy of a
/// schedule.
enum class NoSettings {};

/// True for a learning rate that is representable in fp32.
inline bool is_rate(double rate) { return rate >= 0 && rate <= std::numeric_limits<float>::max(); }

}  // namespace detail

namespace explain {

/// True if `S` is a `Schedule`; otherwise compilation stops with the first missing member.
template <class S>
consteval bool schedule() {
  constexpr bool is_class = std::is_class_v<S>;
  static_assert(
      is_class,
      "mao: not a Schedule: this is not a class (a pointer or a number?), pass the schedule itself by value, e.g. "
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
