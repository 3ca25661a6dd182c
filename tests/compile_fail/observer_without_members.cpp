// expect: mao: not an observer: it has none of on_start, on_gradients, on_step, on_epoch, on_end, should_stop, should_finish (a function alone is `mao::Observer{.on_epoch = f}`); see docs/concepts/observer.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/observers.hpp>

struct Watcher {
#ifdef MAO_EXPECT_FAIL
  void after_epoch(const mao::EpochReport&) {}
#else
  void on_epoch(const mao::EpochReport&) {}
#endif
};

mao::detail::Hooks hooks(Watcher& watcher) { return mao::detail::hooks_of(watcher); }
