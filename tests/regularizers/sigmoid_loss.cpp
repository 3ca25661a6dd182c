// SPDX-License-Identifier: Apache-2.0
#include <mao/regularizers/sigmoid_loss.hpp>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/backbones/detail/compare.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;

namespace {

const double sigmoid_bias = -3;

/// Logits as `compare` makes them, in double, so that a difference quotient can be taken of the loss.
Output sigmoid_output(const Tensor& logits, const Candidates& candidates) {
  Output output;
  output.logits = logits;
  output.candidates = candidates;
  return output;
}

Tensor sigmoid_logits(std::int64_t images, std::int64_t classes) {
  return normal_tensor({images, classes}, 4.0, Rng(6)).to(at::kDouble);
}

/// The formula, pair by pair: `shown` are the classes of each image.
double sigmoid_reference(const Tensor& logits, const Candidates& candidates,
                         const std::vector<std::set<std::int64_t>>& shown, const std::vector<double>& weights) {
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    for (std::size_t j = 0; j < candidates.ids.size(); ++j) {
      const double z = shown[i].contains(candidates.ids[j]) ? 1 : -1;
      const double logit =
          logits[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)].item<double>() + sigmoid_bias;
      sum += weights[i] * std::log1p(std::exp(-z * logit));
    }
    weight += weights[i];
  }
  return sum / weight;
}

using Regularized = SigmoidLoss::Options;

double sigmoid_loss(const Regularized& options, const Tensor& logits, const Candidates& candidates,
                    const Batch& batch) {
  return SigmoidLoss(options)(sigmoid_output(logits, candidates), batch).item<double>();
}

}  // namespace

TEST_CASE("the sigmoid loss is the sum over classes and the weighted mean over images", "[sigmoid_loss]") {
  const Batch batch{.images = {0, 1, 2, 3}, .labels = {4, 2, 4, 0}, .weights = {}};
  const SigmoidLoss all({.bias = sigmoid_bias}),
      present({.bias = sigmoid_bias, .classes = SigmoidLoss::Classes::Batch});
  const ClassList classes = mao::testing::toy_classes(5);
  CHECK(all.candidates(batch, classes) == Candidates::all(5));
  CHECK(present.candidates(batch, classes).ids == std::vector<std::int64_t>{4, 2, 0});
  for (const SigmoidLoss& loss : {all, present}) {
    const Candidates candidates = loss.candidates(batch, classes);
    const Tensor logits = sigmoid_logits(4, candidates.size());
    const Output output = sigmoid_output(logits, candidates);
    CHECK(loss(output, batch).item<double>() ==
          Approx(sigmoid_reference(logits, candidates, {{4}, {2}, {4}, {0}}, {1, 1, 1, 1})));
    Batch weighted = batch;
    weighted.weights = {0.5F, 0, 1, 2};
    CHECK(loss(output, weighted).item<double>() ==
          Approx(sigmoid_reference(logits, candidates, {{4}, {2}, {4}, {0}}, {0.5, 0, 1, 2})));
  }
}

TEST_CASE("the bias moves the sigmoid loss, and its order of candidates does not", "[sigmoid_loss]") {
  const Batch batch{.images = {0, 1}, .labels = {1, 0}, .weights = {}};
  const Tensor logits = sigmoid_logits(2, 3);
  const double here = sigmoid_loss({.bias = sigmoid_bias}, logits, Candidates::all(3), batch);
  CHECK(sigmoid_loss({.bias = 0}, logits + sigmoid_bias, Candidates::all(3), batch) == Approx(here));
  CHECK(sigmoid_loss({.bias = 0}, logits, Candidates::all(3), batch) != Approx(here).epsilon(1e-3));
  const Tensor turned = logits.index_select(1, at::tensor(std::vector<std::int64_t>{2, 0, 1}));
  CHECK(sigmoid_loss({.bias = sigmoid_bias}, turned, Candidates{{2, 0, 1}}, batch) == Approx(here));
}

TEST_CASE("soft targets of the sigmoid loss are probabilities, or marks of several classes", "[sigmoid_loss]") {
  Batch batch{.images = {0, 1}, .labels = {1, 0}, .weights = {}};
  batch.targets = {0.25F, 0.75F, 0, 0.5F, 0, 0.5F};
  const Candidates order{{2, 0, 1}};
  const Tensor logits = sigmoid_logits(2, 3);
  const auto reference = [&](const std::vector<std::set<std::int64_t>>& shown) {
    return sigmoid_reference(logits, order, shown, {1, 1});
  };
  CHECK(sigmoid_loss({.bias = sigmoid_bias, .targets = SigmoidLoss::Targets::Marks}, logits, order, batch) ==
        Approx(reference({{0, 1}, {0, 2}})));
  // Linear in the targets: each pair is its own question.
  const double expected = 0.25 * reference({{0}, {0}}) + 0.25 * reference({{1}, {0}}) + 0.25 * reference({{1}, {2}}) +
                          0.25 * reference({{1}, {2}});
  CHECK(sigmoid_loss({.bias = sigmoid_bias}, logits, order, batch) == Approx(expected));
  CHECK_THROWS_WITH(sigmoid_loss({}, logits.narrow(1, 0, 2), Candidates{{1, 0}}, batch),
                    ContainsSubstring("6 soft targets for 2 images and 2 candidates"));
  CHECK(sigmoid_loss({.bias = sigmoid_bias, .classes = SigmoidLoss::Classes::Batch}, logits.narrow(1, 0, 2),
                     Candidates{{1, 0}}, batch) ==
        Approx(sigmoid_reference(logits.narrow(1, 0, 2), Candidates{{1, 0}}, {{1}, {0}}, {1, 1})));
}

TEST_CASE("an image that is several times in a batch shows the classes of all its labels", "[sigmoid_loss]") {
  Batch batch{.images = {7, 3, 7, 7}, .labels = {1, 0, 2, 1}, .weights = {}};
  const Tensor logits = sigmoid_logits(4, 4);
  const Candidates all = Candidates::all(4);
  const auto joined = [&] { return sigmoid_loss({.bias = sigmoid_bias, .joins_labels = true}, logits, all, batch); };
  CHECK(joined() == Approx(sigmoid_reference(logits, all, {{1, 2}, {0}, {1, 2}, {1, 2}}, {1, 1, 1, 1})));
  CHECK(sigmoid_loss({.bias = sigmoid_bias}, logits, all, batch) ==
        Approx(sigmoid_reference(logits, all, {{1}, {0}, {2}, {1}}, {1, 1, 1, 1})));
  batch.weights = {1, 1, 0, 1};  // the label 2 does not count
  CHECK(joined() == Approx(sigmoid_reference(logits, all, {{1}, {0}, {2}, {1}}, {1, 1, 0, 1})));
  CHECK(SigmoidLoss({.joins_labels = true}).needs_whole_batch());
  CHECK_FALSE(SigmoidLoss().needs_whole_batch());
}

TEST_CASE("the gradient of the sigmoid loss is sigmoid minus target, also for extreme logits", "[sigmoid_loss]") {
  const Batch batch{.images = {0, 1, 2}, .labels = {2, 0, 1}, .weights = {1, 0, 3}};
  const Tensor logits = (10 * sigmoid_logits(3, 3)).requires_grad_(true);
  const Output output = sigmoid_output(logits, Candidates::all(3));
  SigmoidLoss({.bias = sigmoid_bias})(output, batch).backward();
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 3; ++j) {
      const auto row = static_cast<std::size_t>(i);
      const double target = batch.labels[row] == j ? 1 : 0;
      const double chance = 1 / (1 + std::exp(-(logits[i][j].item<double>() + sigmoid_bias)));
      CHECK(logits.grad()[i][j].item<double>() == Approx((chance - target) * batch.weights[row] / 4).margin(1e-12));
    }
  }
  const Tensor extreme = at::tensor(std::vector<double>{500, -500, 3}).view({1, 3}).requires_grad_(true);
  const Tensor loss = SigmoidLoss({.bias = 0})(sigmoid_output(extreme, Candidates::all(3)),
                                               {.images = {0}, .labels = {1}, .weights = {}});
  CHECK(loss.item<double>() == Approx(1000 + std::log1p(std::exp(3.0))));
}

TEST_CASE("a softmax does not see a bias, the sigmoid loss trains against every class alone", "[sigmoid_loss]") {
  const Tensor text = normal_tensor({4, 8}, 1.0, Rng(1)).requires_grad_(true);
  const Tensor image = unit_rows(normal_tensor({3, 8}, 1.0, Rng(2)));
  const Batch batch{.images = {0, 1, 2}, .labels = {2, 0, 2}, .weights = {}};
  SigmoidLoss({.bias = sigmoid_bias})(compare(image, unit_rows(text), 8.0, Candidates::all(4)), batch).backward();
  for (std::int64_t row = 0; row < 4; ++row) CHECK(text.grad()[row].abs().max().item<double>() > 0);
}

TEST_CASE("what the sigmoid loss cannot judge is refused in a sentence", "[sigmoid_loss]") {
  const Batch batch{.images = {0, 1}, .labels = {1, 0}, .weights = {}};
  CHECK_THROWS_WITH(SigmoidLoss({.bias = std::numeric_limits<double>::quiet_NaN()}),
                    ContainsSubstring("expected a finite number"));
  CHECK_THROWS_WITH(sigmoid_loss({}, sigmoid_logits(2, 3), Candidates{{0, 1}}, batch),
                    ContainsSubstring("have shape [2, 3] for 2 images with 2 labels and 2 candidates"));
  CHECK_THROWS_WITH(sigmoid_loss({}, sigmoid_logits(2, 2), Candidates{{0, 2}}, batch),
                    ContainsSubstring("label 1 is not among the 2 candidates"));
  CHECK_THROWS_WITH(
      sigmoid_loss({}, sigmoid_logits(2, 2), Candidates::all(2), {.images = {0, 1}, .labels = {}, .weights = {}}),
      ContainsSubstring("2 images with 0 labels"));
  CHECK(SigmoidLoss({.bias = -4}).describe().text() != SigmoidLoss({.bias = -5}).describe().text());
}
