// expect: mao: not an observer: one of its members takes or gives something else than `on_start(const StartReport&)`, `on_gradients(const ParameterList&, const StepReport&)`, `on_step(const StepReport&)` or `on_step(const StepReport&, const Batch&)`, `on_epoch(const EpochReport&)`, `on_end(const FitResult&)`, `bool should_stop()`, `bool should_finish()`; see docs/concepts/observer.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/observers.hpp>

struct Watcher {
#ifdef MAO_EXPECT_FAIL
  void on_epoch(double, int) {}
#else
  void on_epoch(const mao::EpochReport&) {}
#endif
};

mao::detail::Hooks hooks(Watcher& watcher) { return mao::detail::hooks_of(watcher); }
