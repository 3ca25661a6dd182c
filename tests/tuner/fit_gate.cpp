// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/fit_gate.hpp>

#include <mao/core/error.hpp>
#include <mao/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <support/catch.hpp>

using mao::fit_gate;
using mao::GateFit;
using mao::GateImages;

namespace {

/// Groups as clouds around corners of a simplex; the further gate knows a little.
GateImages clouds(std::int64_t groups, std::int64_t each, float spread, std::uint64_t seed) {
  mao::Rng rng(seed);
  GateImages images{Eigen::MatrixXf(groups * each, 4), {}, {Eigen::MatrixXf(groups * each, groups)}};
  for (Eigen::Index row = 0; row < groups * each; ++row) {
    const std::int64_t group = row % groups;
    images.groups.push_back(group);
    for (Eigen::Index d = 0; d < 4; ++d) {
      images.features(row, d) = spread * (static_cast<float>(rng.uniform()) - 0.5F) + (d == group ? 1.F : 0.F);
    }
    for (Eigen::Index g = 0; g < groups; ++g) {
      images.masses[0](row, g) = static_cast<float>(rng.uniform()) + (g == group ? 0.3F : 0.F);
    }
  }
  return images;
}

/// Scores of the groups, as the header defines them.
Eigen::MatrixXd scores(const GateFit& fit, const GateImages& images) {
  Eigen::MatrixXd all = (images.features * fit.weight.transpose()).cast<double>();
  all.rowwise() += fit.bias.cast<double>().transpose();
  for (std::size_t k = 0; k < images.masses.size(); ++k) all += fit.shares[k] * images.masses[k].cast<double>();
  return all;
}

/// Penalised loss of a fit by definition: each group counts alike.
double loss(const GateFit& fit, const GateImages& images, double penalty) {
  const Eigen::MatrixXd all = scores(fit, images);
  const auto groups = static_cast<double>(all.cols()), count = static_cast<double>(all.rows());
  double sum = 0;
  std::vector<double> of_group(static_cast<std::size_t>(all.cols()));
  for (const std::int64_t group : images.groups) ++of_group[static_cast<std::size_t>(group)];
  for (Eigen::Index i = 0; i < all.rows(); ++i) {
    const std::int64_t group = images.groups[static_cast<std::size_t>(i)];
    const double weight = count / groups / of_group[static_cast<std::size_t>(group)];
    sum += weight * (std::log(all.row(i).array().exp().sum()) - all(i, group));
  }
  const double shares = fit.shares.empty() ? 0 : fit.shares[0] * fit.shares[0];
  return sum + 0.5 * penalty * fit.weight.cast<double>().squaredNorm() + 0.5e-3 * shares;
}

}  // namespace

TEST_CASE("a gate finds groups that features tell apart", "[fit_gate]") {
  for (const std::int64_t groups : {2, 3}) {
    const GateImages images = clouds(groups, 40, 0.8F, 3);
    const GateFit fit = fit_gate(images);
    const Eigen::MatrixXd all = scores(fit, images);
    for (Eigen::Index i = 0; i < all.rows(); ++i) {
      Eigen::Index best = 0;
      all.row(i).maxCoeff(&best);
      CHECK(best == images.groups[static_cast<std::size_t>(i)]);
    }
    CHECK(fit.held_out > 95);
    CHECK(fit.weight.row(0).isZero());  // the reference: only differences matter
  }
}

TEST_CASE("the fit is the minimum of the penalised loss", "[fit_gate]") {
  for (const std::int64_t groups : {2, 3}) {
    const GateImages images = clouds(groups, 30, 3.F, 5);
    const GateFit fit = fit_gate(images, {.penalties = {1}, .proportions = {}});
    const double least = loss(fit, images, 1);
    mao::Rng rng(9);
    const auto step = [&] { return 0.05F * (static_cast<float>(rng.uniform()) - 0.5F); };
    for (int i = 0; i < 50; ++i) {
      GateFit other = fit;
      for (Eigen::Index g = 1; g < groups; ++g) {
        other.bias(g) += step();
        for (Eigen::Index d = 0; d < 4; ++d) other.weight(g, d) += step();
      }
      other.shares[0] += static_cast<double>(step());
      CHECK(loss(other, images, 1) > least - 1e-5);
    }
  }
}

TEST_CASE("the share of a further gate grows with what it knows", "[fit_gate]") {
  GateImages images = clouds(2, 40, 40.F, 2);  // features know next to nothing
  for (Eigen::Index row = 0; row < images.masses[0].rows(); ++row) {
    images.masses[0](row, 0) = images.groups[static_cast<std::size_t>(row)] == 0 ? -0.2F : -1.7F;
    images.masses[0](row, 1) = images.groups[static_cast<std::size_t>(row)] == 0 ? -1.7F : -0.2F;
  }
  CHECK(fit_gate(images).shares[0] > 2);
  images.masses.clear();
  const GateFit alone = fit_gate(images);
  CHECK(alone.shares.empty());
  CHECK(alone.penalty == 10);  // noise is penalised as much as it can be
  CHECK(alone.held_out < 75);
}

TEST_CASE("groups count as their proportions, however many images they have", "[fit_gate]") {
  GateImages images = clouds(2, 40, 4.F, 7);
  const Eigen::Index many = images.features.rows();
  GateImages twice = images;  // group 0 again
  for (Eigen::Index row = 0; row < many; row += 2) {
    twice.groups.push_back(0);
    twice.features.conservativeResize(twice.features.rows() + 1, Eigen::NoChange);
    twice.features.bottomRows(1) = images.features.row(row);
    twice.masses[0].conservativeResize(twice.masses[0].rows() + 1, Eigen::NoChange);
    twice.masses[0].bottomRows(1) = images.masses[0].row(row);
  }
  // The loss of 120 images is 1.5 times that of 80.
  const GateFit once = fit_gate(images, {.penalties = {1}, .proportions = {}});
  const GateFit more = fit_gate(twice, {.penalties = {1.5}, .proportions = {}});
  CHECK((once.weight - more.weight).norm() < 1e-2 * once.weight.norm());
  const GateFit rare = fit_gate(images, {.penalties = {1}, .proportions = {1, 9}});
  CHECK(rare.bias(1) - once.bias(1) > 1);
}

TEST_CASE("a gate refuses what teaches it nothing", "[fit_gate]") {
  const GateImages images = clouds(2, 20, 1.F, 1);
  GateImages bad = images;
  bad.groups.pop_back();
  CHECK_THROWS_AS(fit_gate(bad), mao::ShapeError);
  bad = images;
  std::ranges::fill(bad.groups, 0);
  bad.masses.clear();
  CHECK_THROWS_WITH(fit_gate(bad), ContainsSubstring("two groups or more"));
  bad = images;
  bad.groups.assign(bad.groups.size(), 0);
  bad.groups[0] = bad.groups[1] = 1;
  CHECK_THROWS_AS(fit_gate(bad), mao::DataError);
  bad = images;
  bad.features(0, 0) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(fit_gate(bad), mao::NumericError);
  CHECK_THROWS_AS(fit_gate(images, {.penalties = {}, .proportions = {}}), mao::OptionError);
  CHECK_THROWS_AS(fit_gate(images, {.penalties = {0}, .proportions = {}}), mao::OptionError);
  CHECK_THROWS_AS(fit_gate(images, {.folds = 1, .proportions = {}}), mao::OptionError);
  CHECK_THROWS_AS(fit_gate(images, {.proportions = {1}}), mao::OptionError);
  CHECK_THROWS_AS(fit_gate({}), mao::DataError);
}
