// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/kgcoop.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyKgCoop = KgCoop<ToyModel>;

const std::string kgcoop_pet = "a photo of a {}, a type of pet.";

}  // namespace

static_assert(RawFeatures<ToyKgCoop> && FrozenImageTower<ToyKgCoop> && NeedsAllClasses<ToyKgCoop>);
static_assert(!WeighsLosses<ToyKgCoop> && !CombinesLosses<ToyKgCoop>);

TEST_CASE("KgCoOp keeps the promises of a backbone", "[kgcoop]") {
  mao_test::check_backbone([] { return ToyKgCoop(ToyModel::make(), toy_classes(6), {.templates = {kgcoop_pet}}); });
}

TEST_CASE("KgCoOp's forward pass is CoOp's", "[kgcoop]") {
  const auto model = ToyModel::make();
  ToyKgCoop kgcoop(model, toy_classes(6));
  Coop<ToyModel> coop(model, toy_classes(6));
  const auto all = Candidates::all(6);
  CHECK(kgcoop.forward(mao_test::toy_batch(), all).logits.equal(coop.forward(mao_test::toy_batch(), all).logits));
  REQUIRE(kgcoop.parameters().size() == 1);
  CHECK(kgcoop.parameters()[0].name == "prompt_learner.ctx");
  CHECK(mao_test::count(kgcoop.parameters()) == 4 * 64);  // 4 * 512 = 2,048 for ViT-B/16
}

TEST_CASE("KgCoOp's term is the weighted cosine distance to the teacher, over all classes", "[kgcoop]") {
  const auto model = ToyModel::make();
  ToyKgCoop kgcoop(model, toy_classes(6), {.init = "", .templates = {kgcoop_pet}, .weight = 3});
  const Output full = kgcoop.forward(mao_test::toy_batch(), Candidates::all(6));
  double cosines = 0;
  for (std::int64_t c = 0; c < 6; ++c) {
    const std::string sentence = fill_template(kgcoop_pet, toy_classes(6).names[static_cast<std::size_t>(c)]);
    const Tensor teacher = sentence_features(*model, {sentence})[0];
    cosines += (full.text[c] * teacher).sum().item<double>() / teacher.norm().item<double>();
  }
  const double term = kgcoop.auxiliary_loss(full, mao_test::toy_labels).item<double>();
  CHECK(term == Approx(3 * (1 - cosines / 6)).epsilon(1e-5));
}

TEST_CASE("KgCoOp's term is zero where the prompt is the teacher's", "[kgcoop]") {
  ToyKgCoop kgcoop(ToyModel::make(), toy_classes(6));
  const Output full = kgcoop.forward(mao_test::toy_batch(), Candidates::all(6));
  CHECK(std::abs(kgcoop.auxiliary_loss(full, mao_test::toy_labels).item<double>()) < 1e-5);
}

TEST_CASE("KgCoOp's term does not depend on the candidates of the task loss", "[kgcoop]") {
  const auto term = [](const Batch& batch) {
    ToyKgCoop kgcoop(ToyModel::make(), toy_classes(6), {.init = ""});
    return mao_test::back_propagated(kgcoop, false, batch).auxiliary.item<double>();
  };
  Batch one_class = mao_test::toy_labels;
  one_class.labels.assign(6, 4);
  CHECK(term(mao_test::toy_labels) == term(one_class));
}

TEST_CASE("KgCoOp's teacher follows the classes", "[kgcoop]") {
  const auto model = ToyModel::make();
  const ClassList others{{"new one", "new_two"}};
  ToyKgCoop kgcoop(model, toy_classes(6), {.templates = {kgcoop_pet, "itap of a {}."}});
  kgcoop.bind(others);
  CHECK(kgcoop.teacher().equal(frozen_class_features(*model, others, {kgcoop_pet, "itap of a {}."})));
}

TEST_CASE("KgCoOp refuses settings out of range", "[kgcoop]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_WITH(ToyKgCoop(model, toy_classes(2), {.weight = -1}), ContainsSubstring("KgCoop: weight = -1"));
  CHECK_THROWS_WITH(ToyKgCoop(model, toy_classes(2), {.templates = {}}), ContainsSubstring("no template given"));
  CHECK_THROWS_AS(ToyKgCoop(model, toy_classes(2), {.init = "", .context = 0}), OptionError);
}
