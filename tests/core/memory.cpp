// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/memory.hpp>

#include <sys/resource.h>

#include <cstddef>
#include <vector>

#include <support/catch.hpp>

#if defined(__GLIBC__)

namespace {

long faults_of_a_block() {
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  { const std::vector<char> block(std::size_t{64} << 20U, 'x'); }
  getrusage(RUSAGE_SELF, &after);
  return after.ru_minflt - before.ru_minflt;
}

}  // namespace

TEST_CASE("a block that was freed is there again without a page fault", "[memory]") {
  REQUIRE(mao::keep_freed_memory());
  const long first = faults_of_a_block();
  const long second = faults_of_a_block();
  CAPTURE(first, second);
  CHECK(second < 100);
}

#endif
