// SPDX-License-Identifier: Apache-2.0
#include "report/pca.hpp"

#include <mao/core/random.hpp>
#include <support/catch.hpp>

namespace {

Eigen::MatrixXd random_rows(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  mao::Rng rng(seed);
  Eigen::MatrixXd matrix(rows, columns);
  for (Eigen::Index r = 0; r < rows; ++r) {
    for (Eigen::Index c = 0; c < columns; ++c) matrix(r, c) = rng.uniform() / static_cast<double>(c + 1);
  }
  return matrix;
}

}  // namespace

TEST_CASE("components are orthonormal, of falling variance, and explain all of it together", "[pca]") {
  for (const auto& [rows, columns] : {std::pair{40, 5}, {6, 30}}) {
    INFO(rows << " x " << columns);
    const Eigen::Index count = std::min(rows - 1, columns);
    const Eigen::MatrixXd data = random_rows(rows, columns, 3);
    const mao::Pca pca = mao::principal_components(data, count);
    CHECK((pca.components.transpose() * pca.components - Eigen::MatrixXd::Identity(count, count)).norm() < 1e-9);
    CHECK(pca.explained.sum() == Approx(1.0));
    for (Eigen::Index i = 1; i < count; ++i) CHECK(pca.explained(i) <= pca.explained(i - 1));
    // What they span holds the data: going there and back loses nothing.
    const Eigen::MatrixXd back = (pca.project(data) * pca.components.transpose()).rowwise() + pca.mean;
    CHECK((back - data).norm() < 1e-9);
  }
}

TEST_CASE("both Gram matrices give the same components, signs included", "[pca]") {
  const Eigen::MatrixXd data = random_rows(12, 10, 5);
  Eigen::MatrixXd padded = Eigen::MatrixXd::Zero(12, 20);
  padded.leftCols(10) = data;
  const auto tall = mao::principal_components(data, 3), wide = mao::principal_components(padded, 3);
  CHECK((tall.components - wide.components.topRows(10)).norm() < 1e-8);
}

TEST_CASE("a line has one component; equal rows have none", "[pca]") {
  Eigen::MatrixXd line(3, 2);
  line << 0, 0, -1, -2, -2, -4;
  const auto pca = mao::principal_components(line, 2);
  CHECK(pca.components(1, 0) == Approx(2 / std::sqrt(5.0)));
  CHECK(pca.explained(0) == Approx(1.0));
  CHECK(pca.components.col(1).norm() == 0.0);
  CHECK(mao::principal_components(Eigen::MatrixXd::Ones(4, 3), 2).project(Eigen::MatrixXd::Ones(1, 3)).norm() == 0.0);
}

TEST_CASE("the same features give the same picture", "[pca]") {
  const Eigen::MatrixXd features = random_rows(9, 4, 11);
  // [pca]
  const mao::Pca pca = mao::principal_components(features, 2);  // of [N, D] doubles
  const Eigen::MatrixXd flat = pca.project(features);           // [N, 2]
  // [end]
  CHECK(flat == mao::principal_components(features, 2).project(features));
  CHECK(flat.colwise().mean().norm() < 1e-12);
}

TEST_CASE("no rows and impossible counts are refused", "[pca]") {
  CHECK_THROWS_AS(mao::principal_components(Eigen::MatrixXd(0, 3), 1), mao::ShapeError);
  CHECK_THROWS_AS(mao::principal_components(Eigen::MatrixXd::Ones(2, 3), 4), mao::OptionError);
}
