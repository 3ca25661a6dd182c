// SPDX-License-Identifier: Apache-2.0
#include <mao/sampling/text_tower_similarity.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::ToyModel;

static_assert(TextSimilarity<TextTowerSimilarity<ToyModel>>);

namespace {

const std::vector<std::string> queries{"red fox", "owl", "big_dog"},
    candidates{"owl", "newt", "big dog", "red fox", "ant"};

}  // namespace

TEST_CASE("each entry is the cosine of its query and its candidate", "[text_tower_similarity]") {
  const auto model = ToyModel::make(2);
  const Eigen::MatrixXf cosines = TextTowerSimilarity(model, std::string("itap of a {}."))(queries, candidates);
  REQUIRE(cosines.rows() == 3);
  REQUIRE(cosines.cols() == 5);
  for (Eigen::Index q = 0; q < 3; ++q) {
    for (Eigen::Index c = 0; c < 5; ++c) {
      const Tensor pair =
          sentence_features(*model, {fill_template("itap of a {}.", queries[static_cast<std::size_t>(q)]),
                                     fill_template("itap of a {}.", candidates[static_cast<std::size_t>(c)])});
      const double lengths = pair[0].norm().item<double>() * pair[1].norm().item<double>();
      CHECK(cosines(q, c) == Approx(pair[0].dot(pair[1]).item<double>() / lengths).margin(1e-5));
    }
  }
}

TEST_CASE("a name is its own nearest, however it is spelt, and the table of one list is symmetric",
          "[text_tower_similarity]") {
  const TextTowerSimilarity similarity(ToyModel::make(2));
  const Eigen::MatrixXf cosines = similarity(queries, candidates);
  CHECK(cosines(0, 3) == Approx(1).margin(1e-5));
  CHECK(cosines(1, 0) == Approx(1).margin(1e-5));
  CHECK(cosines(2, 2) == Approx(1).margin(1e-5));  // big_dog and big dog
  CHECK(cosines(0, 0) < 0.999);
  const Eigen::MatrixXf square = similarity(candidates, candidates);
  CHECK((square - square.transpose()).cwiseAbs().maxCoeff() < 1e-5);
}
