// SPDX-License-Identifier: Apache-2.0
#pragma once
// Comparing states in tests.

#include <mao/core/tensor.hpp>

#include <support/catch.hpp>

namespace mao_test {

/// The same names, the same bits.
inline void check_equal(const mao::TensorMap& actual, const mao::TensorMap& expected) {
  REQUIRE(actual.size() == expected.size());
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    REQUIRE(actual.contains(name));
    CHECK(actual.at(name).equal(value));
  }
}

}  // namespace mao_test
