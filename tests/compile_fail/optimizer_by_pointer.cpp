// expect: mao: not an optimizer: this is not a class (a pointer?), pass the optimizer itself by value
// SPDX-License-Identifier: Apache-2.0
#include <mao/optimizers/update_rule.hpp>

using namespace mao;

struct Mine {
  void step(const Update&) const {}
};

Mine mine;
#ifdef MAO_EXPECT_FAIL
const OwnOptimizer optimizer = &mine;
#else
const OwnOptimizer optimizer = mine;
#endif
