// SPDX-License-Identifier: Apache-2.0
#include <mao/regularizers/cross_entropy.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

#include <cmath>

#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;

namespace {

/// -log softmax of the target's column, one image at a time.
double reference(const Tensor& logits, const std::vector<std::int64_t>& targets, const std::vector<double>& weights) {
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Tensor row = logits[static_cast<std::int64_t>(i)].to(at::kDouble);
    const double loss = std::log(row.exp().sum().item<double>()) - row[targets[i]].item<double>();
    sum += weights[i] * loss;
    weight += weights[i];
  }
  return sum / weight;
}

Tensor random_logits() { return normal_tensor({5, 4}, 2.0, Rng(9)); }

}  // namespace

TEST_CASE("the loss is the weighted mean of the images' cross entropies", "[cross_entropy]") {
  const std::vector<std::int64_t> targets{3, 0, 0, 2, 1};
  const Tensor logits = random_logits();
  const auto loss = [&](const std::vector<float>& weights) {
    return weighted_cross_entropy(logits, targets, weights).item<double>();
  };
  CHECK(loss({}) == Approx(reference(logits, targets, {1, 1, 1, 1, 1})));
  CHECK(loss({1, 1, 1, 1, 1}) == Approx(loss({})));
  CHECK(loss({0.5F, 0, 1, 0.25F, 0}) == Approx(reference(logits, targets, {0.5, 0, 1, 0.25, 0})));
  CHECK(loss({0, 0, 1, 0, 0}) != Approx(loss({})));
}

TEST_CASE("an image of weight 0 has no gradient", "[cross_entropy]") {
  const Tensor logits = random_logits().requires_grad_(true);
  weighted_cross_entropy(logits, {3, 0, 0, 2, 1}, {1, 0, 1, 1, 0}).backward();
  const Tensor moved = logits.grad().abs().sum(1);
  for (const std::int64_t image : {1, 4}) CHECK(moved[image].item<double>() == 0);
  for (const std::int64_t image : {0, 2, 3}) CHECK(moved[image].item<double>() > 0);
}

TEST_CASE("soft targets of one class each give the hard loss and its gradient", "[cross_entropy]") {
  const std::vector<std::int64_t> labels{3, 0, 0, 2, 1};
  const std::vector<float> weights{1, 0.5F, 0, 1, 2};
  std::vector<float> one_hot(20, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) one_hot[4 * i + static_cast<std::size_t>(labels[i])] = 1;
  for (const auto& used : {std::vector<float>{}, weights}) {
    const Tensor hard = random_logits().requires_grad_(true), soft = random_logits().requires_grad_(true);
    const Tensor hard_loss = weighted_cross_entropy(hard, labels, used);
    const Tensor soft_loss = soft_cross_entropy(soft, Candidates::all(4), one_hot, used);
    CHECK(soft_loss.item<double>() == Approx(hard_loss.item<double>()));
    hard_loss.backward();
    soft_loss.backward();
    CHECK(largest_difference(hard.grad(), soft.grad()) < 1e-7);
  }
}

TEST_CASE("the gradient towards soft targets is the softmax minus the target, by weight", "[cross_entropy]") {
  const Tensor target = at::softmax(normal_tensor({5, 4}, 1.0, Rng(3)), 1);
  const auto* first = target.const_data_ptr<float>();
  const std::vector<float> targets(first, first + target.numel()), weights{1, 0.5F, 0, 1, 1.5F};
  const Tensor logits = random_logits().requires_grad_(true);
  const Tensor loss = soft_cross_entropy(logits, Candidates::all(4), targets, weights);
  const Tensor each = -(target * at::softmax(logits, 1).log()).sum(1), weight = at::tensor(weights);
  CHECK(loss.item<double>() == Approx((each * weight).sum().item<double>() / 4));
  loss.backward();
  const Tensor expected = (at::softmax(logits.detach(), 1) - target) * weight.unsqueeze(1) / 4;
  CHECK(largest_difference(logits.grad(), expected) < 1e-6);
}

TEST_CASE("soft targets follow the order of the candidates and need all of them", "[cross_entropy]") {
  Output output;
  output.logits = random_logits().narrow(0, 0, 1);
  output.candidates = Candidates::all(4);
  const Batch batch{.images = {0}, .labels = {0}, .weights = {}, .targets = {0.5F, 0.3F, 0.2F, 0}};
  const double straight = CrossEntropy{}(output, batch).item<double>();
  output.logits = output.logits.flip(1);
  output.candidates.ids = {3, 2, 1, 0};
  CHECK(CrossEntropy{}(output, batch).item<double>() == Approx(straight));
  output.logits = output.logits.narrow(1, 0, 2);
  output.candidates.ids = {3, 2};
  CHECK_THROWS_WITH(CrossEntropy{}(output, batch), ContainsSubstring("every class as a candidate"));
}

TEST_CASE("labels are found among the candidates in their order; all classes are candidates", "[cross_entropy]") {
  CHECK(columns_of({7, 2, 7, 5}, {{5, 7, 2}}) == std::vector<std::int64_t>{1, 2, 1, 0});
  CHECK_THROWS_AS(columns_of({7, 3}, {{5, 7, 2}}), ShapeError);
  CHECK_THROWS_WITH(columns_of({7, 3}, {{5, 7, 2}}), ContainsSubstring("label 3 is not among the 3 candidates"));
  const Batch batch{.images = {0, 1, 2, 3, 4}, .labels = {2, 1, 1, 0, 3}, .weights = {}};
  CHECK(CrossEntropy{}.candidates(batch, {{"a", "b", "c", "d"}}) == Candidates::all(4));
  Output output;
  output.logits = random_logits();
  output.candidates = Candidates::all(4);
  const double straight = CrossEntropy{}(output, batch).item<double>();
  CHECK(straight == Approx(reference(output.logits, batch.labels, {1, 1, 1, 1, 1})));
  output.logits = output.logits.flip(1);
  output.candidates.ids = {3, 2, 1, 0};
  CHECK(CrossEntropy{}(output, batch).item<double>() == Approx(straight));
}

TEST_CASE("logits of other images or candidates are named", "[cross_entropy]") {
  Output output;
  output.logits = random_logits();  // [5, 4]
  output.candidates = Candidates::all(3);
  const Batch batch{.images = {0, 1, 2, 3, 4}, .labels = {2, 1, 1, 0, 2}, .weights = {}};
  CHECK_THROWS_WITH(CrossEntropy{}(output, batch), ContainsSubstring("the backbone's logits have shape [5, 4]") &&
                                                       ContainsSubstring("3 candidates, expected [5, 3]") &&
                                                       ContainsSubstring("`forward`"));
}
