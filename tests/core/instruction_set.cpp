// SPDX-License-Identifier: Apache-2.0
#include <mao/core/instruction_set.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("kernels are off inside of a portable scope and back behind it", "[instruction_set]") {
  const InstructionSet before = instruction_set();
  {
    const PortableScope outer;
    CHECK(instruction_set() == InstructionSet::Portable);
    { const PortableScope inner; }
    CHECK(instruction_set() == InstructionSet::Portable);
  }
  CHECK(instruction_set() == before);
}
