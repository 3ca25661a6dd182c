// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/outputs.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/tensor.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;

namespace {

// Two images, three classes 4, 7, 9.
Output sample() {
  Output output;
  output.logits = at::tensor({1.0F, 5.0F, 2.0F, 8.0F, 3.0F, 4.0F}).view({2, 3});
  output.text = at::tensor({0.0F, 1.0F, 2.0F}).view({3, 1});
  output.candidates = {{4, 7, 9}};
  return output;
}

}  // namespace

TEST_CASE("columns are selected by class, whatever their place", "[outputs]") {
  const Output some = select_candidates(sample(), {{9, 4}});
  CHECK(some.logits.equal(at::tensor({2.0F, 1.0F, 4.0F, 8.0F}).view({2, 2})));
  CHECK(some.text.equal(at::tensor({2.0F, 0.0F}).view({2, 1})));
  CHECK(some.candidates == Candidates{{9, 4}});
  CHECK(select_candidates(sample(), {{4, 7, 9}}).logits.equal(sample().logits));
  CHECK_THROWS_WITH(select_candidates(sample(), {{5}}), ContainsSubstring("class 5 is not among the 3"));
}

TEST_CASE("text features of each image keep their first dimension", "[outputs]") {
  Output output = sample();
  output.text = at::tensor({0.0F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F}).view({2, 3, 1});
  CHECK(select_candidates(output, {{7}}).text.equal(at::tensor({1.0F, 4.0F}).view({2, 1, 1})));
}

TEST_CASE("accuracy counts the classes of the best columns", "[outputs]") {
  CHECK(batch_accuracy(sample(), {.images = {0, 1}, .labels = {7, 4}, .weights = {}}) == 100);
  CHECK(batch_accuracy(sample(), {.images = {0, 1}, .labels = {7, 9}, .weights = {}}) == 50);
}
