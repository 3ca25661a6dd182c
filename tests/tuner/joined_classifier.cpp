// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/joined_classifier.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

using ToyCoop = Coop<ToyModel>;

ClassList from(std::int64_t first, std::int64_t count) {
  const std::vector<std::string> names = toy_classes(first + count).names;
  return {{names.begin() + first, names.end()}};
}

/// Two groups of two and three classes, each with a context of its own.
std::vector<ToyCoop> two_groups(const std::shared_ptr<const ToyModel>& model) {
  return {ToyCoop(model, from(0, 2), {.init = "", .seed = 1}), ToyCoop(model, from(2, 3), {.init = "", .seed = 2})};
}

ImageBatch some_images() { return {.pixels = ToyImages(5, 2, 1).pixels, .features = {}}; }

}  // namespace

static_assert(Backbone<JoinedClassifier<ToyCoop>>);

TEST_CASE("a joined classifier multiplies the gate by each group's own prompts", "[joined]") {
  const auto model = ToyModel::make();
  auto groups = two_groups(model);
  const Tensor first = at::softmax(groups[0].forward(some_images(), Candidates::all(2)).logits, 1),
               second = at::softmax(groups[1].forward(some_images(), Candidates::all(3)).logits, 1);
  ZeroShot<ToyModel> untuned(model, toy_classes(5));
  const Tensor of_all = at::softmax(untuned.forward(some_images(), Candidates::all(5)).logits, 1);
  const Tensor gate = at::stack({of_all.narrow(1, 0, 2).sum(1), of_all.narrow(1, 2, 3).sum(1)}, 1);

  JoinedClassifier joined(two_groups(model), MassGate<ZeroShot<ToyModel>>(untuned, {2, 3}));
  CHECK(joined.classes() == toy_classes(5));
  const Tensor found = at::exp(joined.forward(some_images(), Candidates::all(5)).logits);
  CHECK(relative_difference(found.narrow(1, 0, 2), first * gate.narrow(1, 0, 1)) < 1e-5);
  CHECK(relative_difference(found.narrow(1, 2, 3), second * gate.narrow(1, 1, 1)) < 1e-5);
  CHECK(relative_difference(found.sum(1), at::ones({10})) < 1e-5);
}

TEST_CASE("without a gate the groups' logits stand side by side", "[joined]") {
  const auto model = ToyModel::make();
  auto groups = two_groups(model);
  const Tensor side_by_side = at::log_softmax(at::cat({groups[0].forward(some_images(), Candidates::all(2)).logits,
                                                       groups[1].forward(some_images(), Candidates::all(3)).logits},
                                                      1),
                                              1);
  JoinedClassifier<ToyCoop> joined(two_groups(model));
  CHECK(relative_difference(joined.forward(some_images(), Candidates::all(5)).logits, side_by_side) < 1e-5);
}

TEST_CASE("bound to the classes of one group it answers as the group's own prompts", "[joined]") {
  const auto model = ToyModel::make();
  auto groups = two_groups(model);
  TensorImages images(ToyImages(6, 4, 3).pixels);
  JoinedClassifier<ToyCoop> joined(two_groups(model));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const ClassList classes = groups[g].classes();
    CHECK(winners(predict_logits(joined, classes, images)) == winners(predict_logits(groups[g], classes, images)));
  }
  CHECK(joined.classes() == toy_classes(5));  // as it was
}

TEST_CASE("classes may be asked for in any order, and know their group", "[joined]") {
  const auto model = ToyModel::make();
  JoinedClassifier<ToyCoop> joined(two_groups(model));
  const Tensor all = joined.forward(some_images(), Candidates::all(5)).logits;
  const auto names = toy_classes(5).names;
  joined.bind({{names[4], names[0], names[2]}});
  const Tensor some = joined.forward(some_images(), Candidates::all(3)).logits;
  CHECK(relative_difference(some.select(1, 0), all.select(1, 4)) < 1e-6);
  CHECK(relative_difference(some.select(1, 1), all.select(1, 0)) < 1e-6);
  CHECK(joined.group_of(0) == 1);
  CHECK(joined.group_of(1) == 0);
  CHECK(joined.group_of(2) == 1);
  CHECK_THROWS_WITH(joined.bind({{"something else"}}), ContainsSubstring("is in no group"));
}

TEST_CASE("methods that prompt the image tower have features of their own in each group", "[joined]") {
  const auto model = ToyModel::make();
  using ToyMaple = Maple<ToyModel>;
  const auto make = [&](std::int64_t first, std::int64_t count, std::uint64_t seed) {
    return ToyMaple(model, from(first, count), {.depth = 2, .seed = seed});
  };
  ToyMaple one = make(0, 2, 1), other = make(2, 2, 2);
  const Tensor side_by_side = at::log_softmax(at::cat({one.forward(some_images(), Candidates::all(2)).logits,
                                                       other.forward(some_images(), Candidates::all(2)).logits},
                                                      1),
                                              1)
                                  .detach();
  JoinedClassifier<ToyMaple> joined({make(0, 2, 1), make(2, 2, 2)});
  static_assert(!FrozenImageTower<JoinedClassifier<ToyMaple>> && FrozenImageTower<JoinedClassifier<ToyCoop>>);
  CHECK(relative_difference(joined.forward(some_images(), Candidates::all(4)).logits, side_by_side) < 1e-5);
}

TEST_CASE("a joined classifier is a group of another one", "[joined]") {
  const auto model = ToyModel::make();
  using Inner = JoinedClassifier<ToyCoop>;
  const Tensor inner = Inner(two_groups(model)).forward(some_images(), Candidates::all(5)).logits;
  JoinedClassifier<Inner> outer({Inner(two_groups(model))});
  CHECK(relative_difference(outer.forward(some_images(), Candidates::all(5)).logits, inner) < 1e-5);
}

TEST_CASE("groups that cannot be told apart are refused", "[joined]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_AS(JoinedClassifier<ToyCoop>(std::vector<ToyCoop>{}), OptionError);
  std::vector<ToyCoop> twice{ToyCoop(model, from(0, 3)), ToyCoop(model, from(2, 2))};
  CHECK_THROWS_WITH(JoinedClassifier<ToyCoop>(std::move(twice)), ContainsSubstring("is in group 1 and in group 2"));
}
