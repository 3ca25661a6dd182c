// expect: mao: not an optimizer: no `step` of one parameter, add `void step(const mao::Update& update) const`
// SPDX-License-Identifier: Apache-2.0
#include <mao/optimizers/update_rule.hpp>

using namespace mao;

struct Mine {
#ifdef MAO_EXPECT_FAIL
  void step(const ParameterList&, double rate) const;
#else
  void step(const Update&) const;
#endif
};

const OwnOptimizer optimizer = Mine{};
