// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/prediction_negatives.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <support/catch.hpp>
#include <support/numbered_classes.hpp>

using mao::Batch;
using mao::ClassList;
using mao::Fallback;
using mao::PredictionNegatives;
using mao::PredictionNegativesOptions;
using mao::Rng;
using mao_test::few_shots;
using mao_test::numbered;

namespace {

Eigen::MatrixXf random_logits(std::int64_t images, std::int64_t classes) {
  Rng rng(5);
  Eigen::MatrixXf logits(images, classes);
  for (Eigen::Index i = 0; i < logits.size(); ++i) logits.data()[i] = static_cast<float>(rng.normal());
  return logits;
}

}  // namespace

TEST_CASE("images bring images of the classes they are taken for", "[sampling]") {
  const std::int64_t classes = GENERATE(6, 40), shots = 4;
  const int k = GENERATE(2, 5);
  const auto labels = few_shots(classes, shots);
  const Eigen::MatrixXf logits = random_logits(classes * shots, classes);
  const PredictionNegativesOptions options{.batch = 3, .k = k, .minimum = 0};
  const PredictionNegatives sampler(labels, numbered(classes), logits, options);
  Rng rng(7);
  std::multiset<std::int64_t> anchors_seen;
  for (const Batch& batch : sampler.epoch(rng)) {
    CHECK(batch.size() <= 3 * k);
    std::set<std::int64_t> negatives;
    std::int64_t anchor = -1;
    const auto repeated = [&](std::int64_t label) { return std::ranges::count(batch.labels, label) > 1; };
    for (std::size_t i = 0; i < batch.images.size(); ++i) {
      REQUIRE(batch.labels[i] == batch.images[i] % classes);
      const bool follows = anchor >= 0 && !repeated(batch.labels[i]) &&
                           std::ranges::count(sampler.ranking(anchor), batch.labels[i]) == 1 &&
                           batch.labels[i] != anchor % classes;
      if (follows && negatives.insert(batch.labels[i]).second) continue;
      anchor = batch.images[i];
      anchors_seen.insert(anchor);
    }
  }
  CHECK(static_cast<std::int64_t>(anchors_seen.size()) >= classes);
}

TEST_CASE("an image's own prediction decides, not its class", "[sampling]") {
  // Two images of class 0: one is taken for 1, the other for 2.
  Eigen::MatrixXf logits = Eigen::MatrixXf::Zero(5, 4);
  logits.row(0) << 9, 5, 1, 0;
  logits.row(1) << 2, 1, 8, 0;
  const PredictionNegatives sampler({0, 0, 1, 2, 3}, numbered(4), logits, {.batch = 1, .k = 2, .minimum = 0});
  CHECK(std::ranges::equal(sampler.ranking(0), std::vector<std::int64_t>{0, 1}));
  CHECK(std::ranges::equal(sampler.ranking(1), std::vector<std::int64_t>{2, 0}));
  Rng rng(1);
  for (const Batch& batch : sampler.epoch(rng)) {
    if (batch.images[0] == 0) CHECK(batch.labels == std::vector<std::int64_t>{0, 1});
    if (batch.images[0] == 1) CHECK(batch.labels == std::vector<std::int64_t>{0, 2});
  }
}

TEST_CASE("images without near classes of their own get random ones", "[sampling]") {
  Eigen::MatrixXf logits = Eigen::MatrixXf::Zero(12, 6);
  logits.col(0).setConstant(9);  // everything is taken for class 0
  const PredictionNegatives sampler(few_shots(6, 2), numbered(6), logits, {.batch = 2, .k = 2});
  Rng rng(3);
  for (const Batch& batch : sampler.epoch(rng)) {
    CHECK(batch.size() == 6);  // two anchors, two negatives each
    const std::set<std::int64_t> distinct(batch.labels.begin(), batch.labels.end());
    CHECK(distinct.size() >= 5);  // anchors alone may share a class
  }
}

TEST_CASE("the same seed gives the same negatives", "[sampling]") {
  const PredictionNegatives sampler(few_shots(8, 3), numbered(8), random_logits(24, 8), {.batch = 2, .k = 4});
  Rng one(4), other(4);
  const auto first = sampler.epoch(one), second = sampler.epoch(other);
  REQUIRE(first.size() == second.size());
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(first[i].images == second[i].images);
}

TEST_CASE("logits that do not fit the images are refused", "[sampling]") {
  const auto labels = few_shots(4, 2);
  CHECK_THROWS_WITH(PredictionNegatives(labels, numbered(4), random_logits(7, 4), {.k = 2}),
                    ContainsSubstring("the logits are [7, 4], expected [8, 4]"));
  Eigen::MatrixXf broken = random_logits(8, 4);
  broken(3, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(PredictionNegatives(labels, numbered(4), broken, {.k = 2}), mao::NumericError);
  CHECK_THROWS_WITH(PredictionNegatives(labels, numbered(4), random_logits(8, 4), {.k = 5}),
                    ContainsSubstring("PredictionNegatives: k = 5 of only 4 classes"));
  CHECK_THROWS_WITH(PredictionNegatives({0, 1, 1}, numbered(3), random_logits(3, 3), {.k = 2}),
                    ContainsSubstring("class 2 '2' has no image"));
  const PredictionNegatives sampler(labels, numbered(4), random_logits(8, 4), {.k = 2});
  CHECK_THROWS_WITH(sampler.ranking(8), ContainsSubstring("image 8 of 8"));
}
