// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/gaussian_aggregation.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/core/grad_mode.h>

using namespace mao;
using mao::testing::largest_difference;

namespace {

/// Parameters as they are after an epoch.
struct Learned {
  ParameterList list{{"prompt_learner.ctx", parameter(normal_tensor({2, 3}, 1.0, Rng(0)))},
                     {"image_encoder.VPT", parameter(normal_tensor({4}, 1.0, Rng(1)))}};

  void move_to(int epoch) {
    const at::NoGradGuard no_graph;
    for (Parameter& each : list) {
      const auto shape = each.value.sizes().vec();
      each.value.copy_(normal_tensor(shape, 1.0, Rng(7)[each.name][static_cast<std::uint64_t>(epoch)]));
    }
  }
};

/// Runs epochs [from, to) of `horizon`.
void run(GaussianAggregation& aggregation, Learned& learned, int from, int to, int horizon) {
  for (int epoch = from; epoch < to; ++epoch) {
    learned.move_to(epoch);
    aggregation.add(learned.list, {.epoch = epoch, .horizon = horizon});
  }
}

}  // namespace

TEST_CASE("Gaussian weights are those of the papers' settings", "[aggregation]") {
  const auto usual = gaussian_weights(20);
  const double expected[] = {.0044, .054, .242, .399, .242, .054, .0044};
  for (std::size_t i = 0; i < 7; ++i) CHECK(usual[11 + i] == Approx(expected[i]).margin(6e-4));
  const auto ten = gaussian_weights(10);
  CHECK(ten[8] == Approx(.0041).margin(5e-5));
  CHECK(ten[9] == Approx(.9959).margin(5e-5));
  CHECK(gaussian_weights(5)[4] == Approx(1).margin(1e-3));
  const auto flat = gaussian_weights(20, {.mean = 6, .deviation = 10});
  CHECK(flat[0] == Approx(.055).margin(6e-4));
  CHECK(flat[5] == Approx(.063).margin(6e-4));
  CHECK(flat[19] == Approx(.024).margin(6e-4));
}

TEST_CASE("Gaussian weights add up to 1, however far off the mean", "[aggregation]") {
  for (const int epochs : {1, 2, 7, 50}) {
    for (const double mean : {-1000.0, 0.0, 15.0, 1e6}) {
      double sum = 0;
      for (const double weight : gaussian_weights(epochs, {.mean = mean, .deviation = 0.1})) sum += weight;
      CHECK(sum == Approx(1));
    }
  }
}

TEST_CASE("settings planned for another number of epochs are scaled to the step", "[aggregation]") {
  const GaussianAggregationOptions planned{.mean = 15, .deviation = 1, .planned_for = 20};
  CHECK(gaussian_weights(20, planned) == gaussian_weights(20));
  const auto scaled = gaussian_weights(10, planned), given = gaussian_weights(10, {.mean = 7.5, .deviation = 0.5});
  for (std::size_t i = 0; i < 10; ++i) CHECK(scaled[i] == Approx(given[i]));
}

TEST_CASE("the aggregate is the weighted mean of the epochs", "[aggregation]") {
  const GaussianAggregationOptions options{.mean = 2.25, .deviation = 1};
  GaussianAggregation aggregation(options);
  Learned learned;
  run(aggregation, learned, 0, 3, 3);
  TensorMap expected;
  Learned other;
  for (int epoch = 0; epoch < 3; ++epoch) {
    other.move_to(epoch);
    for (const Parameter& each : other.list) {
      const Tensor part = each.value.detach().clone() * gaussian_weights(3, options)[static_cast<std::size_t>(epoch)];
      Tensor& sum = expected[each.name];
      sum = sum.defined() ? sum + part : part;
    }
  }
  aggregation.finish(learned.list);
  for (const Parameter& each : learned.list) {
    CHECK(largest_difference(each.value.detach(), expected.at(each.name)) < 1e-6);
    CHECK(each.value.requires_grad());
  }
  CHECK(aggregation.buffers().empty());
}

TEST_CASE("a resumed aggregation ends bit for bit where an uninterrupted one does", "[aggregation]") {
  GaussianAggregation whole, before, after;
  Learned first, second;
  run(whole, first, 0, 5, 5);
  run(before, second, 0, 2, 5);
  after.set_buffers(before.buffers());
  run(after, second, 2, 5, 5);
  whole.finish(first.list);
  after.finish(second.list);
  for (std::size_t i = 0; i < first.list.size(); ++i) CHECK(first.list[i].value.equal(second.list[i].value));
}

TEST_CASE("a step forgets what a step before it added up", "[aggregation]") {
  GaussianAggregation aggregation;
  Learned learned;
  run(aggregation, learned, 0, 2, 9);  // stopped
  run(aggregation, learned, 0, 1, 1);
  aggregation.finish(learned.list);
  Learned alone;
  alone.move_to(0);
  for (std::size_t i = 0; i < learned.list.size(); ++i) CHECK(learned.list[i].value.equal(alone.list[i].value));
}

TEST_CASE("nothing added leaves parameters as they are", "[aggregation]") {
  GaussianAggregation aggregation;
  Learned learned;
  const Tensor before = learned.list[0].value.detach().clone();
  aggregation.finish(learned.list);
  CHECK(learned.list[0].value.equal(before));
}

TEST_CASE("settings and sums that make no sense are refused", "[aggregation]") {
  CHECK_THROWS_WITH(GaussianAggregation({.deviation = 0}), ContainsSubstring("deviation = 0"));
  CHECK_THROWS_AS(gaussian_weights(0), OptionError);
  GaussianAggregation aggregation;
  CHECK_THROWS_WITH(aggregation.set_buffers({{"aggregate.prompt_learner.ctx", normal_tensor({2}, 1, Rng(1))}}),
                    ContainsSubstring("aggregate_weight"));
}
