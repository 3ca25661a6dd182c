// expect: mao: not an optimizer: its `step` is not const, or it cannot be copied; add `const` and keep what it remembers in `update.kept`
// SPDX-License-Identifier: Apache-2.0
#include <mao/optimizers/update_rule.hpp>

using namespace mao;

struct Mine {
#ifdef MAO_EXPECT_FAIL
  void step(const Update&);
#else
  void step(const Update&) const;
#endif
};

const OwnOptimizer optimizer = Mine{};
