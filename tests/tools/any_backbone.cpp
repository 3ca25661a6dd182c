// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/recipes.hpp>

#include "methods/any_backbone.hpp"

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

Coop<ToyModel> toy_coop() { return Coop<ToyModel>(ToyModel::make(), toy_classes(6)); }

Ivlp<ToyModel> toy_ivlp() {
  return Ivlp<ToyModel>(ToyModel::make(), toy_classes(6), {.text_depth = 2, .vision_depth = 2});
}

/// Says at run time that it brings its own negatives.
struct OwnNegatives : Coop<ToyModel> {
  using Coop::Coop;
  static constexpr bool brings_negatives = true;
};

}  // namespace

TEST_CASE("a held backbone keeps its promises", "[any_backbone]") {
  mao_test::check_backbone([] { return AnyBackbone(toy_ivlp()); });
}

TEST_CASE("training a held backbone is training it", "[any_backbone]") {
  const auto train = [](auto backbone) {
    const mao::testing::ToyImages data(6, 4, 1);
    TensorImages images(data.pixels);
    plain(backbone, toy_classes(6), data.labels, {.batch = 8, .schedule = {.epochs = 3, .learning_rate = 0.02}})
        .fit(images);
    return mao_test::copy_of(backbone.parameters());
  };
  const auto typed = train(toy_ivlp()), held = train(AnyBackbone(toy_ivlp()));
  REQUIRE(typed.size() == held.size());
  for (const auto& [name, value] : typed) CHECK(held.at(name).equal(value));
}

TEST_CASE("a held backbone says what it is like", "[any_backbone]") {
  CHECK(traits_of(AnyBackbone(toy_coop())).frozen_image_tower);
  CHECK(traits_of(AnyBackbone(toy_coop())).class_features);
  CHECK_FALSE(traits_of(AnyBackbone(toy_ivlp())).frozen_image_tower);
  CHECK_FALSE(traits_of(AnyBackbone(toy_ivlp())).two_views);
}

TEST_CASE("compositions that make no sense are refused at run time too", "[any_backbone]") {
  AnyBackbone backbone(OwnNegatives(ToyModel::make(), toy_classes(6)));
  const auto alike = [](const std::vector<std::string>& queries, const std::vector<std::string>& names) {
    return Eigen::MatrixXf::Zero(static_cast<Eigen::Index>(queries.size()), static_cast<Eigen::Index>(names.size()))
        .eval();
  };
  CHECK_THROWS_WITH(
      mao_base(backbone, toy_classes(6), {0, 1, 2, 3, 4, 5, 0, 1, 2}, alike, {.sampler = {.batch = 2, .k = 2}}),
      ContainsSubstring("brings its own hard negatives"));
}
