// SPDX-License-Identifier: Apache-2.0
#include <mao/evaluation/all_classes.hpp>

#include <mao/core/error.hpp>
#include <mao/core/random.hpp>
#include <mao/evaluation/metrics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <support/catch.hpp>

namespace {

struct TestSet {
  Eigen::MatrixXf logits;
  std::vector<std::int64_t> labels;
  std::int64_t base = 0;
};

/// Steps of a half in the logits, so that many margins are equal; the true class has an advantage.
TestSet random_set(std::int64_t images, std::int64_t base, std::int64_t fresh, std::uint64_t seed) {
  mao::Rng rng(seed);
  TestSet set{Eigen::MatrixXf(images, base + fresh), {}, base};
  for (Eigen::Index row = 0; row < images; ++row) {
    // the last class of each half has no images
    const bool of_base = row % 3 != 0;
    const auto classes = static_cast<std::uint64_t>((of_base ? base : fresh) - 1);
    const auto label = static_cast<std::int64_t>(rng.below(classes)) + (of_base ? 0 : base);
    set.labels.push_back(label);
    for (Eigen::Index column = 0; column < base + fresh; ++column) {
      set.logits(row, column) = 0.5F * static_cast<float>(rng.below(12)) + (column == label ? 2.F : 0.F);
    }
  }
  return set;
}

/// Winner among the columns [first, end) with `bias` on the new ones, by definition.
std::int64_t winner_among(const TestSet& set, std::size_t image, std::int64_t first, std::int64_t end, double bias) {
  std::int64_t best = first;
  const auto score = [&](std::int64_t column) {
    return static_cast<double>(set.logits(static_cast<Eigen::Index>(image), column)) + (column < set.base ? 0 : bias);
  };
  for (std::int64_t column = first + 1; column < end; ++column) {
    if (score(column) > score(best)) best = column;
  }
  return best;
}

/// Accuracies of both halves among all classes, images or classes alike.
std::pair<double, double> accuracies_with(const TestSet& set, double bias, bool by_class) {
  const auto classes = static_cast<std::size_t>(set.logits.cols());
  std::vector<double> right(classes), count(classes);
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    const auto label = static_cast<std::size_t>(set.labels[i]);
    ++count[label];
    right[label] += winner_among(set, i, 0, set.logits.cols(), bias) == set.labels[i] ? 1 : 0;
  }
  const auto mean = [&](std::size_t first, std::size_t end) {
    double sum = 0, total = 0;
    for (std::size_t c = first; c < end; ++c) {
      if (count[c] == 0) continue;
      sum += by_class ? right[c] / count[c] : right[c];
      total += by_class ? 1 : count[c];
    }
    return 100 * sum / total;
  };
  const auto base = static_cast<std::size_t>(set.base);
  return {mean(0, base), mean(base, classes)};
}

/// Over all pairs of images, each weighted by `weight_of(image)`.
template <class WeightOf>
double pairs_by_definition(const TestSet& set, const WeightOf& weight_of) {
  const std::int64_t all = set.logits.cols();
  double sum = 0, total = 0;
  for (std::size_t b = 0; b < set.labels.size(); ++b) {
    if (set.labels[b] >= set.base) continue;
    for (std::size_t n = 0; n < set.labels.size(); ++n) {
      if (set.labels[n] < set.base) continue;
      const double weight = weight_of(b) * weight_of(n);
      total += weight;
      if (winner_among(set, b, 0, set.base, 0) != set.labels[b]) continue;
      if (winner_among(set, n, set.base, all, 0) != set.labels[n]) continue;
      const auto margin = [&](std::size_t i) {
        const auto row = set.logits.row(static_cast<Eigen::Index>(i));
        return row.head(set.base).maxCoeff() - row.tail(all - set.base).maxCoeff();
      };
      sum += weight * (margin(b) > margin(n) ? 1 : margin(b) == margin(n) ? 0.5 : 0);
    }
  }
  return 100 * sum / total;
}

mao::BestOfHalves best_of(const TestSet& set) { return mao::best_of_halves(set.logits, set.labels, set.base); }

}  // namespace

TEST_CASE("accuracies among all classes are those of the plain definition", "[evaluation]") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const TestSet set = random_set(90, 6, 5, seed);
    const auto found = mao::measure_all_classes(best_of(set));
    double right = 0, own_base = 0, own_fresh = 0, of_base = 0, of_fresh = 0;
    for (std::size_t i = 0; i < set.labels.size(); ++i) {
      right += winner_among(set, i, 0, 11, 0) == set.labels[i] ? 1 : 0;
      const bool base = set.labels[i] < 6;
      (base ? of_base : of_fresh) += 1;
      if (winner_among(set, i, base ? 0 : 6, base ? 6 : 11, 0) == set.labels[i]) (base ? own_base : own_fresh) += 1;
    }
    const auto [base, fresh] = accuracies_with(set, 0, false);
    CHECK(found.accuracy == Approx(100 * right / 90));
    CHECK(found.base == Approx(base));
    CHECK(found.fresh == Approx(fresh));
    CHECK(found.h == Approx(mao::harmonic_mean(base, fresh)));
    CHECK(found.own_base == Approx(100 * own_base / of_base));
    CHECK(found.own_fresh == Approx(100 * own_fresh / of_fresh));
    CHECK(found.own_base >= found.base);
    CHECK(found.best_h >= found.h - 1e-9);
  }
}

TEST_CASE("the bias curve has every winner that a bias can make", "[evaluation]") {
  const TestSet set = random_set(80, 5, 4, 5);
  for (const bool by_class : {false, true}) {
    const auto curve = mao::bias_curve(best_of(set), by_class);
    std::set<double> margins;
    for (const double margin : best_of(set).margin) margins.insert(margin);
    REQUIRE(margins.size() < set.labels.size());  // some are equal
    REQUIRE(curve.size() == margins.size() + 1);
    for (const mao::BiasPoint& point : curve) {
      // Among equals the base class wins, so the bias itself still leaves images of that margin in the base half.
      const double bias = std::isinf(point.bias) ? 1e6 : point.bias;
      const auto [base, fresh] = accuracies_with(set, bias, by_class);
      CHECK(point.base == Approx(base).margin(1e-9));
      CHECK(point.fresh == Approx(fresh).margin(1e-9));
    }
    CHECK(curve.front().fresh == 0);
    CHECK(curve.back().base == 0);
    CHECK(std::isinf(curve.back().bias));
  }
}

TEST_CASE("OpenworldAUC is the share of pairs that are ranked and classified right", "[evaluation]") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const TestSet set = random_set(70, 5, 4, seed);
    const auto best = best_of(set);
    const double expected = pairs_by_definition(set, [](std::size_t) { return 1.0; });
    REQUIRE(expected > 0);
    CHECK(mao::openworld_auc(best) == Approx(expected));
  }
  // 1 > 0 right, 1 = 1 half, 3 right but its class is wrong; of the new images one class is wrong
  CHECK(mao::openworld_auc({{1, 3}, {true, false}}, {{0, 1, -5}, {true, true, false}}) == Approx(100 * 1.5 / 6));
}

TEST_CASE("AUSUC is the share of such pairs where every class counts alike", "[evaluation]") {
  const TestSet set = random_set(70, 5, 4, 8);
  std::vector<double> count(9);
  for (const std::int64_t label : set.labels) ++count[static_cast<std::size_t>(label)];
  const auto weight_of = [&](std::size_t i) { return 1 / count[static_cast<std::size_t>(set.labels[i])]; };
  const double by_class = pairs_by_definition(set, weight_of);
  CHECK(mao::ausuc(best_of(set)) == Approx(by_class));
  CHECK(std::abs(by_class - mao::openworld_auc(best_of(set))) > 1e-3);  // classes have different numbers of images
}

TEST_CASE("a bias changes accuracies but neither area", "[evaluation]") {
  const TestSet set = random_set(60, 5, 4, 9);
  TestSet shifted = set;
  shifted.logits.rightCols(4).array() += 1.5F;
  const auto before = mao::measure_all_classes(best_of(set)), after = mao::measure_all_classes(best_of(shifted));
  CHECK(before.accuracy != after.accuracy);
  CHECK(before.openworld_auc == Approx(after.openworld_auc));
  CHECK(before.ausuc == Approx(after.ausuc));
  CHECK(before.best_h == Approx(after.best_h));
  CHECK(before.own_base == after.own_base);
  CHECK(before.own_fresh == after.own_fresh);
}

TEST_CASE("a perfect classifier has 100 percent in every figure", "[evaluation]") {
  const std::vector<std::int64_t> labels{0, 1, 2, 3};
  const Eigen::MatrixXf logits = 200 * Eigen::MatrixXf::Identity(4, 4);
  const auto found = mao::measure_all_classes(mao::best_of_halves(logits, labels, 2));
  for (const double figure : {found.accuracy, found.base, found.fresh, found.h, found.openworld_auc, found.ausuc,
                              found.own_base, found.own_fresh, found.best_h}) {
    CHECK(figure == Approx(100));
  }
  CHECK(found.halves.expected == Approx(50));
  CHECK(found.halves.predicted == Approx(50));
  CHECK(found.halves.actual == Approx(50));
  CHECK(found.halves.error == Approx(0).margin(1e-9));
}

TEST_CASE("calibration between the halves compares probabilities with what is there", "[evaluation]") {
  const TestSet set = random_set(75, 6, 5, 4);
  const auto found = mao::half_calibration(best_of(set));
  double expected = 0, actual = 0, predicted = 0;
  std::vector<double> gap(10);
  for (std::size_t i = 0; i < set.labels.size(); ++i) {
    double base = 0, all = 0;
    for (Eigen::Index c = 0; c < 11; ++c) {
      const double mass = std::exp(static_cast<double>(set.logits(static_cast<Eigen::Index>(i), c)));
      all += mass;
      base += c < 6 ? mass : 0;
    }
    const double truth = set.labels[i] < 6 ? 1 : 0;
    expected += base / all, actual += truth;
    predicted += winner_among(set, i, 0, 11, 0) < 6 ? 1 : 0;
    gap[static_cast<std::size_t>(std::min(9.0, 10 * base / all))] += base / all - truth;
  }
  double error = 0;
  for (const double value : gap) error += std::abs(value);
  CHECK(found.expected == Approx(100 * expected / 75));
  CHECK(found.actual == Approx(100 * actual / 75));
  CHECK(found.predicted == Approx(100 * predicted / 75));
  CHECK(found.error == Approx(100 * error / 75).epsilon(1e-4));
}

TEST_CASE("figures of all classes refuse what they cannot be made of", "[evaluation]") {
  const Eigen::MatrixXf logits = Eigen::MatrixXf::Identity(3, 3);
  using Labels = std::vector<std::int64_t>;
  CHECK_THROWS_AS(mao::best_of_halves(logits, Labels{0, 1}, 1), mao::ShapeError);
  CHECK_THROWS_AS(mao::best_of_halves(logits, Labels{0, 1, 2}, 0), mao::OptionError);
  CHECK_THROWS_AS(mao::best_of_halves(logits, Labels{0, 1, 2}, 3), mao::OptionError);
  CHECK_THROWS_AS(mao::best_of_halves(logits, Labels{0, 1, 3}, 2), mao::DataError);
  CHECK_THROWS_WITH(mao::best_of_halves(logits, Labels{0, 1, 1}, 2), ContainsSubstring("of new ones"));
  Eigen::MatrixXf bad = logits;
  bad(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(mao::best_of_halves(bad, Labels{0, 1, 2}, 2), mao::NumericError);
  CHECK_THROWS_AS(mao::openworld_auc({{1}, {true}}, {{}, {}}), mao::DataError);
  CHECK_THROWS_AS(mao::openworld_auc({{1}, {true, false}}, {{1}, {true}}), mao::ShapeError);
  CHECK_THROWS_AS(mao::openworld_auc({{std::nan("")}, {true}}, {{1}, {true}}), mao::DataError);
}
