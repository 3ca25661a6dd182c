// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/observers.hpp>

#include <ATen/core/grad_mode.h>

#include <mao/config.hpp>

namespace mao::detail {

/// Calls a member of every observer that has it, without a graph.
template <class... Args>
void tell_each(const std::vector<Hooks>& all, std::function<void(Args...)> Hooks::*member, const auto&... told) {
  const at::NoGradGuard no_graph;
  for (const Hooks& hooks : all) {
    if (hooks.*member) (hooks.*member)(told...);
  }
}

MAO_INLINE std::string first_reason(const std::vector<Hooks>& all, std::function<std::string()> Hooks::*member) {
  const at::NoGradGuard no_graph;
  std::string first;
  for (const Hooks& hooks : all) {
    if (!(hooks.*member)) continue;
    const std::string reason = (hooks.*member)();  // every one is asked
    if (first.empty()) first = reason;
  }
  return first;
}

MAO_INLINE Hooks hooks_of(const Observer& observer) {
  Hooks hooks;
  if (observer.on_step) hooks.on_step = [&](const StepReport& report, const Batch&) { observer.on_step(report); };
  hooks.on_epoch = observer.on_epoch;
  if (observer.should_stop) hooks.should_stop = [&] { return reason_of(observer.should_stop(), "should_stop"); };
  return hooks;
}

MAO_INLINE void Observers::start(const StartReport& report) const { tell_each(all_, &Hooks::on_start, report); }
MAO_INLINE void Observers::gradients(const ParameterList& parameters, const StepReport& report) const {
  tell_each(all_, &Hooks::on_gradients, parameters, report);
}
MAO_INLINE void Observers::step(const StepReport& report, const Batch& batch) const {
  tell_each(all_, &Hooks::on_step, report, batch);
}
MAO_INLINE void Observers::epoch(const EpochReport& report) const { tell_each(all_, &Hooks::on_epoch, report); }
MAO_INLINE void Observers::end(const FitResult& result) const { tell_each(all_, &Hooks::on_end, result); }
MAO_INLINE std::string Observers::stop() const { return first_reason(all_, &Hooks::should_stop); }
MAO_INLINE std::string Observers::finish() const { return first_reason(all_, &Hooks::should_finish); }

}  // namespace mao::detail
