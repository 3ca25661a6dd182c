// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which members an observer has, found at compile time, and observers that are told in order.

#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/batch.hpp>
#include <mao/core/tensor.hpp>
#include <mao/tuner/detail/reports.hpp>

namespace mao {

/// An answer of an observer: a yes or no, or a reason, which is empty for no.
template <class A>
concept Reason = std::same_as<A, bool> || std::convertible_to<A, std::string>;

namespace explain {

template <class O>
concept HearsStart = requires(O& observer, const StartReport& report) {
  observer.on_start(report);
};
template <class O>
concept HearsGradients = requires(O& observer, const ParameterList& parameters, const StepReport& report) {
  observer.on_gradients(parameters, report);
};
template <class O>
concept HearsSteps = requires(O& observer, const StepReport& report) {
  observer.on_step(report);
};
template <class O>
concept HearsBatches = requires(O& observer, const StepReport& report, const Batch& batch) {
  observer.on_step(report, batch);
};
template <class O>
concept HearsEpochs = requires(O& observer, const EpochReport& report) {
  observer.on_epoch(report);
};
template <class O>
concept HearsEnd = requires(O& observer, const FitResult& result) {
  observer.on_end(result);
};
template <class O>
concept MayStop = requires(O& observer) {
  { observer.should_stop() } -> Reason;
};
template <class O>
concept MayFinish = requires(O& observer) {
  { observer.should_finish() } -> Reason;
};

/// True for an observer, a class with some of the members that `fit` calls; otherwise the compiler says what is wrong.
template <class O>
consteval bool observer() {
  constexpr bool steps = HearsSteps<O> || HearsBatches<O>;
  constexpr bool misunderstood =
      (!HearsStart<O> && requires { &O::on_start; }) || (!HearsGradients<O> && requires { &O::on_gradients; }) ||
      (!steps && requires { &O::on_step; }) || (!HearsEpochs<O> && requires { &O::on_epoch; }) ||
      (!HearsEnd<O> && requires { &O::on_end; }) || (!MayStop<O> && requires { &O::should_stop; }) ||
      (!MayFinish<O> && requires { &O::should_finish; });
  static_assert(!misunderstood,
                "mao: not an observer: one of its members takes or gives something else than `on_start(const "
                "StartReport&)`, `on_gradients(const ParameterList&, const StepReport&)`, `on_step(const StepReport&)` "
                "or `on_step(const StepReport&, const Batch&)`, `on_epoch(const EpochReport&)`, `on_end(const "
                "FitResult&)`, `bool should_stop()`, `bool should_finish()`; see docs/concepts/observer.md");
  constexpr bool any =
      HearsStart<O> || HearsGradients<O> || steps || HearsEpochs<O> || HearsEnd<O> || MayStop<O> || MayFinish<O>;
  static_assert(any || misunderstood,
                "mao: not an observer: it has none of on_start, on_gradients, on_step, on_epoch, on_end, should_stop, "
                "should_finish (a function alone is `mao::Observer{.on_epoch = f}`); see docs/concepts/observer.md");
  return any && !misunderstood;
}

}  // namespace explain

namespace detail {

/// The members of an observer as functions; those that it lacks are empty.
struct Hooks {
  std::function<void(const StartReport&)> on_start;
  std::function<void(const ParameterList&, const StepReport&)> on_gradients;
  std::function<void(const StepReport&, const Batch&)> on_step;
  std::function<void(const EpochReport&)> on_epoch;
  std::function<void(const FitResult&)> on_end;
  std::function<std::string()> should_stop, should_finish;  ///< why, or an empty text
};

/// Why, in the words of an observer that has some.
template <Reason A>
std::string reason_of(A answer, const char* member) {
  if constexpr (std::same_as<A, bool>) {
    return answer ? std::string("an observer's `") + member + "` said so" : std::string();
  } else {
    return answer;
  }
}

/// Those of a class whose members are functions. Refers to the observer, which has to outlive what is returned.
template <class O>
Hooks hooks_of(O& observer) {
  using namespace explain;
  Hooks hooks;
  if constexpr (explain::observer<O>()) {
    if constexpr (HearsStart<O>) hooks.on_start = [&](const StartReport& report) { observer.on_start(report); };
    if constexpr (HearsGradients<O>) {
      hooks.on_gradients = [&](const ParameterList& parameters, const StepReport& report) {
        observer.on_gradients(parameters, report);
      };
    }
    if constexpr (HearsBatches<O>) {
      hooks.on_step = [&](const StepReport& report, const Batch& batch) { observer.on_step(report, batch); };
    } else if constexpr (HearsSteps<O>) {
      hooks.on_step = [&](const StepReport& report, const Batch&) { observer.on_step(report); };
    }
    if constexpr (HearsEpochs<O>) hooks.on_epoch = [&](const EpochReport& report) { observer.on_epoch(report); };
    if constexpr (HearsEnd<O>) hooks.on_end = [&](const FitResult& result) { observer.on_end(result); };
    if constexpr (MayStop<O>) hooks.should_stop = [&] { return reason_of(observer.should_stop(), "should_stop"); };
    if constexpr (MayFinish<O>) {
      hooks.should_finish = [&] { return reason_of(observer.should_finish(), "should_finish"); };
    }
  }
  return hooks;
}

/// Those of an `Observer`, whose members may hold nothing.
Hooks hooks_of(const Observer& observer);
inline Hooks hooks_of(Observer& observer) { return hooks_of(std::as_const(observer)); }

/// Observers in order. What they compute leaves no gradient and is an evaluation to a backbone.
class Observers {
 public:
  Observers() = default;
  explicit Observers(std::vector<Hooks> all) : all_(std::move(all)) {}

  void start(const StartReport& report) const;
  void gradients(const ParameterList& parameters, const StepReport& report) const;
  void step(const StepReport& report, const Batch& batch) const;
  void epoch(const EpochReport& report) const;
  void end(const FitResult& result) const;
  /// The reason of the first one that has some; empty: none has.
  [[nodiscard]] std::string stop() const;
  [[nodiscard]] std::string finish() const;

 private:
  std::vector<Hooks> all_;
};

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/observers.ipp>
#endif
