// expect: mao: `fields` of these options does not have a name for each of their fields
// SPDX-License-Identifier: Apache-2.0
#include <mao/core/describe.hpp>

struct Options {
  double share = 0.1;
  int steps = 4;
#ifdef MAO_EXPECT_FAIL
  static constexpr const char* fields[] = {"share"};
#else
  static constexpr const char* fields[] = {"share", "steps"};
#endif
};

std::string text() { return mao::described("Options", Options{}).text(); }
