// SPDX-License-Identifier: Apache-2.0
#include <mao/core/precision.hpp>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("a precision is read as it is written", "[precision]") {
  for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
    CHECK(precision_from(to_string(precision)) == precision);
  }
  CHECK_THROWS_WITH(precision_from("fp16"), ContainsSubstring("\"fp16\"") && ContainsSubstring("fp32 or bf16"));
}
