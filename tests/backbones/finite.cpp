// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>

#include <limits>

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("what is not finite is found and named in the order of a step", "[finite]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(all_finite({}));
  CHECK(all_finite(at::ones({4}) * 3e38));  // the sum overflows, the numbers do not
  CHECK_FALSE(all_finite(at::ones({4}) * std::numeric_limits<double>::infinity()));
  Tensor rows = at::ones({3, 2});
  rows[1].fill_(nan);
  CHECK(first_bad_row(rows) == 1);
  CHECK(first_bad_row(at::ones({3, 2})) == -1);
  CHECK(first_bad_parameter({{"a", at::ones({1})}, {"b", rows}}) == "b");
  CHECK(bad_input({.pixels = at::ones({2, 3}), .features = {}}).empty());
  CHECK(bad_input({.pixels = {}, .features = rows}) == "the kept features of image 1 of the batch");
  Output output;
  output.logits = rows;
  output.candidates.ids = {0, 2, 1};
  const ClassList classes{{"cat", "dog", "fox"}};
  CHECK(bad_output(output, classes) == "the logits");
  output.text = rows;
  CHECK(bad_output(output, classes) == "the class features of 'fox'");
  output.image = rows;
  CHECK(bad_output(output, classes) == "the image features of image 1 of the batch");
}
