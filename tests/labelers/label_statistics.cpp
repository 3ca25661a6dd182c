// SPDX-License-Identifier: Apache-2.0
#include <mao/labelers/label_statistics.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;

namespace {

// Softmax rows that prefer class 0.
Tensor lopsided(std::int64_t images, std::int64_t classes) {
  Tensor logits = normal_tensor({images, classes}, 1.5, Rng(4));
  logits.select(1, 0).add_(1.5);
  return at::softmax(logits, 1);
}

}  // namespace

TEST_CASE("statistics of the clearest and of the emptiest predictions", "[label_statistics]") {
  const auto clear = label_statistics(at::eye(5));
  CHECK(clear.confidence == Approx(1));
  CHECK(clear.entropy == Approx(0).margin(1e-12));
  CHECK(clear.mutual_information == Approx(std::log(5.0)));
  CHECK(clear.balance == Approx(1));
  const auto empty = label_statistics(at::full({7, 5}, 0.2));
  CHECK(empty.confidence == Approx(0.2));
  CHECK(empty.entropy == Approx(std::log(5.0)));
  CHECK(empty.mutual_information == Approx(0).margin(1e-9));
  CHECK(empty.balance == Approx(0).margin(1e-12));  // every image goes to the first class
}

TEST_CASE("mutual information is never negative nor above ln C, and forgets the order of images",
          "[label_statistics]") {
  const Tensor p = lopsided(40, 6);
  const auto statistics = label_statistics(p);
  CHECK(statistics.mutual_information > 0);
  CHECK(statistics.mutual_information < std::log(6.0));
  CHECK(statistics.balance < 1);
  CHECK(label_statistics(p.flip(0)).mutual_information == Approx(statistics.mutual_information));
  CHECK(label_statistics(p.flip(1)).mutual_information == Approx(statistics.mutual_information));
}

TEST_CASE("agreement is the share of equal winners", "[label_statistics]") {
  const Tensor first = at::eye(4), second = first.index_select(0, at::tensor(std::vector<std::int64_t>{0, 1, 3, 2}));
  CHECK(agreement(first, first) == 1);
  CHECK(agreement(first, second) == 0.5);
  CHECK_THROWS_AS(agreement(first, at::eye(3)), ShapeError);
}

TEST_CASE("balanced, every class gets the same share of the pool", "[label_statistics]") {
  const Tensor p = lopsided(40, 6), factors = balancing_factors(p, 100);
  const Tensor balanced = rebalanced(p, factors);
  CHECK(largest_difference(balanced.sum(1), at::full({40}, 1.0F)) < 1e-5);
  CHECK(largest_difference(balanced.sum(0), at::full({6}, 40.0F / 6.0F)) < 1e-3);
  CHECK(p.sum(0).max().item<double>() > 10);
}

TEST_CASE("balance leaves what is balanced, and depends on the pool alone", "[label_statistics]") {
  const Tensor even = at::eye(4) * 0.6 + 0.1;
  CHECK(largest_difference(rebalanced(even, balancing_factors(even)), even) < 1e-6);
  const Tensor p = lopsided(40, 6), factors = balancing_factors(p);
  CHECK(largest_difference(rebalanced(p, factors).narrow(0, 3, 2), rebalanced(p.narrow(0, 3, 2), factors)) < 1e-7);
}

TEST_CASE("a class that nobody sees gets finite factors", "[label_statistics]") {
  Tensor p = lopsided(20, 4);
  p.select(1, 2).zero_();
  const Tensor balanced = rebalanced(p, balancing_factors(p));
  CHECK(std::isfinite(balanced.sum().item<double>()));
  CHECK(balanced.min().item<double>() >= 0);
}

TEST_CASE("statistics need images and a table", "[label_statistics]") {
  CHECK_THROWS_AS(label_statistics(at::full({0, 5}, 0.2)), DataError);
  CHECK_THROWS_AS(label_statistics(at::full({5}, 0.2)), ShapeError);
  CHECK_THROWS_AS(balancing_factors(at::full({5}, 0.2)), ShapeError);
}
