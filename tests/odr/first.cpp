// SPDX-License-Identifier: Apache-2.0
#include <mao/mao.hpp>

// Defined in second.cpp.
const char* const* version_of_second_unit();

int main() {
  // An inline variable is one object in the whole program.
  return version_of_second_unit() == &mao::version ? 0 : 1;
}
