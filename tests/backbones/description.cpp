// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/description.hpp>

#include <ATen/core/grad_mode.h>

#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

TEST_CASE("a method's description has its model's fingerprint, where there is one", "[description]") {
  STATIC_REQUIRE(KnowsItsModel<Coop<ToyModel>>);
  const auto model = ToyModel::make(1), other = ToyModel::make(2);
  const Description here = method_description(Coop<ToyModel>(model, toy_classes(3)));
  CHECK(here.name == "Coop");
  CHECK(here.settings.back() == std::pair<std::string, std::string>("model", model->fingerprint()));
  CHECK_FALSE(here == method_description(Coop<ToyModel>(other, toy_classes(3))));
  CHECK(here == method_description(Coop<ToyModel>(ToyModel::make(1), toy_classes(3))));
}

TEST_CASE("what was learned tells two backbones apart, down to a bit", "[description]") {
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(3)), same(ToyModel::make(), toy_classes(3));
  CHECK(description_of_learned(coop) == description_of_learned(same));
  const at::NoGradGuard no_graph;
  same.parameters()[0].value.flatten()[5].add_(1e-7);
  CHECK_FALSE(description_of_learned(coop) == description_of_learned(same));
  CHECK(content_text({}) == "nothing");
}

TEST_CASE("a phrase of one's own is part of CoOp's description", "[description]") {
  const auto model = ToyModel::make();
  const Description by_words = Coop<ToyModel>(model, toy_classes(3)).describe();
  const Description own = Coop<ToyModel>(model, toy_classes(3), ContextPhrase::words("a photo of a"), {}).describe();
  const Description other =
      Coop<ToyModel>(model, toy_classes(3), ContextPhrase::words("one photo of a"), {}).describe();
  CHECK_THAT(own.text(), ContainsSubstring("phrase.prefix 'a photo of a', phrase.length 4"));
  CHECK_FALSE(own == other);
  CHECK(by_words.text() == "Coop, init 'a photo of a', context 4, class_specific false, position End, seed 1");
}
