// SPDX-License-Identifier: Apache-2.0
#include <mao/core/instruction_set.hpp>

#include <algorithm>
#include <string>

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

TEST_CASE("a scope allows nothing above its own, and never more than there was") {
  const InstructionSet before = instruction_set();
  const InstructionSetScope outer(InstructionSet::Avx512);
  CHECK(instruction_set() == std::min(before, InstructionSet::Avx512));
  const PortableScope inner;
  const InstructionSetScope widest(InstructionSet::Amx);
  CHECK(instruction_set() == InstructionSet::Portable);
  CHECK(std::string(name_of(instruction_set())) == "portable");
}
