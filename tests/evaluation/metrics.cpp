// SPDX-License-Identifier: Apache-2.0
#include <mao/evaluation/metrics.hpp>

#include <mao/core/error.hpp>

#include <cmath>
#include <limits>
#include <mao/core/random.hpp>
#include <numeric>
#include <support/catch.hpp>

using mao::DataError;
using mao::measure;
using mao::ShapeError;

namespace {

std::vector<std::int64_t> random_labels(std::size_t count, std::int64_t classes, mao::Rng& rng) {
  std::vector<std::int64_t> labels(count);
  for (auto& label : labels) label = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(classes)));
  return labels;
}

}  // namespace

TEST_CASE("measures agree with the confusion matrix", "[evaluation]") {
  mao::Rng rng(7);
  for (const std::int64_t classes : {1, 2, 5, 40}) {
    const auto labels = random_labels(200, classes, rng);
    const auto predicted = random_labels(200, classes, rng);
    const auto metrics = measure(predicted, labels, classes);
    const auto counts = mao::confusion_matrix(predicted, labels, classes);
    CHECK(counts.sum() == metrics.total);
    CHECK(counts.trace() == metrics.correct);
    CHECK(metrics.accuracy == Approx(100.0 * static_cast<double>(metrics.correct) / 200));
    double macro = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      const auto hits = static_cast<double>(counts(c, c));
      const auto images = static_cast<double>(counts.row(c).sum());
      const auto guesses = static_cast<double>(counts.col(c).sum());
      REQUIRE(images > 0);
      const double recall = hits / images;
      const double precision = guesses > 0 ? hits / guesses : 0;
      macro += recall + precision > 0 ? 2 * recall * precision / (recall + precision) : 0;
      CHECK(metrics.per_class[static_cast<std::size_t>(c)] == Approx(100 * recall));
    }
    CHECK(metrics.macro_f1 == Approx(100 * macro / static_cast<double>(classes)));
  }
}

TEST_CASE("perfect predictions are 100 percent in every figure", "[evaluation]") {
  const std::vector<std::int64_t> labels = {0, 1, 2, 2};
  const auto metrics = measure(labels, labels, mao::ClassList{{"a", "b", "c"}});
  CHECK(metrics.accuracy == 100);
  CHECK(metrics.macro_f1 == 100);
  CHECK(metrics.mean_per_class == 100);
  CHECK(metrics.per_class == std::vector<double>{100, 100, 100});
  CHECK(metrics.correct == 4);
}

TEST_CASE("classes without test images do not count in the means", "[evaluation]") {
  // Class 2 is only guessed, class 3 never occurs. F1 of class 0: 2 / (2 + 1); of class 1: 2 / (2 + 1).
  const auto metrics = measure({0, 2, 1}, {0, 0, 1}, 4);
  CHECK(metrics.accuracy == Approx(200.0 / 3));
  CHECK(metrics.macro_f1 == Approx(100 * (2.0 / 3 + 1) / 2));
  CHECK(metrics.mean_per_class == Approx(75));
  CHECK(std::isnan(metrics.per_class[2]));
  CHECK(std::isnan(metrics.per_class[3]));
}

TEST_CASE("labels that do not fit are refused", "[evaluation]") {
  CHECK_THROWS_AS(measure({0}, {0, 1}, 2), ShapeError);
  CHECK_THROWS_AS(measure({}, {}, 2), DataError);
  CHECK_THROWS_WITH(measure({0, 2}, {0, 1}, 2), ContainsSubstring("prediction 2 of image 1"));
  CHECK_THROWS_WITH(measure({0, 1}, {-1, 1}, 2), ContainsSubstring("label -1 of image 0"));
  CHECK_THROWS_AS(mao::confusion_matrix({0}, {5}, 2), DataError);
}

TEST_CASE("H is the harmonic mean of base and new", "[evaluation]") {
  CHECK(mao::harmonic_mean(84.26, 76.10) == Approx(79.97).epsilon(1e-4));  // PromptSRC's averages
  CHECK(mao::harmonic_mean(50, 50) == Approx(50));
  CHECK(mao::harmonic_mean(0, 0) == 0);
  CHECK(mao::harmonic_mean(90, 0) == 0);
  CHECK_THROWS_AS(mao::harmonic_mean(-1, 50), DataError);
}

TEST_CASE("mean and sample deviation over seeds", "[evaluation]") {
  const auto three = mao::mean_std({1, 2, 3});
  CHECK(three.mean == Approx(2));
  CHECK(three.deviation == Approx(1));
  const auto one = mao::mean_std({81.5});
  CHECK(one.mean == 81.5);
  CHECK(one.deviation == 0);
  CHECK_THROWS_AS(mao::mean_std({}), DataError);
}
