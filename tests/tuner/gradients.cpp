// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <mao/tuner/detail/gradients.hpp>

#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>

#include <mao/core/error.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

ParameterList two() { return {{"a", parameter(at::ones({2}))}, {"b", parameter(at::ones({3}))}}; }

void give(const ParameterList& parameters, double a, double b) {
  Tensor first = parameters[0].value, second = parameters[1].value;
  first.mutable_grad() = at::full({2}, a);
  second.mutable_grad() = at::full({3}, b);
}

double gradient(const ParameterList& parameters, std::size_t i) {
  return parameters[i].value.grad().flatten()[0].item<double>();
}

}  // namespace

TEST_CASE("a gradient that is too long is shortened as a whole, a short one stays", "[gradients]") {
  const ParameterList parameters = two();
  give(parameters, 3, 4);
  const double norm = std::sqrt(2 * 9.0 + 3 * 16.0);
  CHECK(gradient_norm(parameters) == Approx(norm));
  clip_gradients(parameters, 100);
  CHECK(gradient(parameters, 0) == 3);
  clip_gradients(parameters, 1);
  CHECK(gradient_norm(parameters) == Approx(1));
  CHECK(gradient(parameters, 0) / gradient(parameters, 1) == Approx(0.75));
}

TEST_CASE("gradients of several batches are their mean by weight", "[gradients]") {
  const ParameterList parameters = two();
  GatheredGradients gathered(3);
  give(parameters, 1, 2);
  CHECK_FALSE(gathered.complete(parameters, 4));
  give(parameters, 5, 8);
  CHECK_FALSE(gathered.complete(parameters, 1));
  CHECK(gathered.complete(parameters, 0));  // a batch without weight counts as one, but adds nothing
  CHECK(gradient(parameters, 0) == Approx((1 * 4 + 5) / 5.0));
  CHECK(gradient(parameters, 1) == Approx((2 * 4 + 8) / 5.0));
  CHECK_FALSE(gathered.complete_early(parameters));  // nothing is left
  give(parameters, 7, 7);
  CHECK_FALSE(gathered.complete(parameters, 2));
  give(parameters, 0, 0);
  CHECK(gathered.complete_early(parameters));
  CHECK(gradient(parameters, 0) == Approx(7));
  CHECK_THROWS_WITH(GatheredGradients(0), ContainsSubstring("accumulate = 0"));
}

TEST_CASE("one batch is its own, and counts by its weights", "[gradients]") {
  const ParameterList parameters = two();
  give(parameters, 1, 2);
  GatheredGradients alone(1);
  CHECK(alone.complete(parameters, 4));
  CHECK_FALSE(alone.complete(parameters, 0));
  CHECK(gradient(parameters, 0) == 1);
  CHECK(weight_of({.images = {1, 2, 3}, .labels = {}, .weights = {}}) == 3);
  CHECK(weight_of({.images = {1, 2, 3}, .labels = {}, .weights = {0.5F, 0, 1}}) == 1.5);
}
