// expect: mao: not a Sampler: `epoch()` takes no generator, make it `epoch(mao::Rng&)` and draw from that alone; see docs/concepts/sampler.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/concepts.hpp>

struct Empty {
#ifdef MAO_EXPECT_FAIL
  std::vector<mao::Batch> epoch() { return {}; }
#else
  std::vector<mao::Batch> epoch(mao::Rng&) { return {}; }
#endif
};

constexpr bool ok = mao::explain::sampler<Empty>();
