// expect: mao: not a Regularizer: needs `Candidates candidates(const Batch&, const ClassList&) const`, asked before the forward pass; see docs/concepts/regularizer.md
// SPDX-License-Identifier: Apache-2.0
#include <mao/regularizers/concepts.hpp>

using namespace mao;

struct Mine {
#ifndef MAO_EXPECT_FAIL
  Candidates candidates(const Batch&, const ClassList&) const;
#endif
  Tensor operator()(const Output&, const Batch&) const;
};

constexpr bool ok = explain::regularizer<Mine>();
