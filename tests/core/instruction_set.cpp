// SPDX-License-Identifier: Apache-2.0
#include <mao/core/instruction_set.hpp>

#include <algorithm>
#include <cstdlib>
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

TEST_CASE("a limit of the environment is one of three words", "[instruction_set]") {
  const char* before = std::getenv("MAO_INSTRUCTION_SET");
  const std::string kept = before == nullptr ? "" : before;
  for (const InstructionSet set : {InstructionSet::Portable, InstructionSet::Avx512, InstructionSet::Amx}) {
    ::setenv("MAO_INSTRUCTION_SET", name_of(set), 1);
    CHECK(detail::most_allowed_instruction_set() == set);
    CHECK(detail::best_instruction_set() <= set);
  }
  ::setenv("MAO_INSTRUCTION_SET", "avx2", 1);
  CHECK_THROWS_WITH(detail::best_instruction_set(), ContainsSubstring("\"avx2\"; expected portable, avx512 or amx"));
  ::setenv("MAO_INSTRUCTION_SET", "", 1);
  CHECK(detail::most_allowed_instruction_set() == InstructionSet::Amx);
  if (before == nullptr) {
    ::unsetenv("MAO_INSTRUCTION_SET");
  } else {
    ::setenv("MAO_INSTRUCTION_SET", kept.c_str(), 1);
  }
}
