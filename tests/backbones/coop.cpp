// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/regularizers/alterable.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

using ToyCoop = Coop<ToyModel>;

ImageBatch images_of(std::int64_t classes) { return {.pixels = ToyImages(classes, 2, 5).pixels, .features = {}}; }

ToyCoop::Options random_start(ClassPosition position, bool class_specific = false) {
  return {.init = "", .context = 3, .class_specific = class_specific, .position = position, .seed = 8};
}

}  // namespace

static_assert(Backbone<ToyCoop> && ClassFeatures<ToyCoop> && FrozenImageTower<ToyCoop>);
static_assert(!NeedsAllClasses<ToyCoop> && !EpochAware<ToyCoop> && !Finishes<ToyCoop>);

TEST_CASE("binding keeps what was learned bit for bit, and coming back gives the same logits", "[coop]") {
  const auto model = ToyModel::make();
  ToyCoop coop(model, toy_classes(6));
  const auto images = images_of(6);
  const Tensor before = coop.parameters()[0].value.detach().clone();
  const Tensor logits = coop.forward(images, Candidates::all(6)).logits.detach().clone();
  coop.bind(ClassList{{"new one", "new_two", "a longer new name"}});
  CHECK(coop.classes().size() == 3);
  CHECK(coop.parameters()[0].value.equal(before));
  CHECK(coop.forward(images, Candidates::all(3)).logits.size(1) == 3);
  coop.bind(toy_classes(6));
  CHECK(coop.forward(images, Candidates::all(6)).logits.equal(logits));
}

TEST_CASE("the forward pass over candidates is that over all classes, selected", "[coop]") {
  const auto model = ToyModel::make();
  const auto images = images_of(8);
  const Candidates some{{5, 1, 7}};
  for (const bool class_specific : {false, true}) {
    for (const auto position : {ClassPosition::End, ClassPosition::Middle, ClassPosition::Front}) {
      CAPTURE(class_specific, name_of(position));
      ToyCoop coop(model, toy_classes(8), random_start(position, class_specific));
      const Output all = coop.forward(images, Candidates::all(8)), part = coop.forward(images, some);
      CHECK(part.candidates == some);
      CHECK(largest_difference(part.logits, all.logits.index_select(1, at::tensor(some.ids))) < 2e-5);
      CHECK(largest_difference(part.text, all.text.index_select(0, at::tensor(some.ids))) < 1e-6);
      CHECK(part.image.equal(all.image));
    }
  }
}

TEST_CASE("the loss over the candidates gives the gradient of the selected columns", "[coop]") {
  const auto model = ToyModel::make();
  const Batch batch{.images = {0, 1, 2, 3}, .labels = {2, 5, 2, 0}, .weights = {}};
  ImageBatch images = images_of(2);
  const AlterableRegularizer regularizer;
  ToyCoop few(model, toy_classes(6)), all(model, toy_classes(6));
  const Candidates present = regularizer.candidates(batch, few.classes());
  regularizer(few.forward(images, present), batch).backward();
  Output output = all.forward(images, Candidates::all(6));
  output.logits = output.logits.index_select(1, at::tensor(present.ids));
  output.candidates = present;
  regularizer(output, batch).backward();
  CHECK(mao::testing::relative_difference(few.parameters()[0].value.grad(), all.parameters()[0].value.grad()) < 1e-5);
}

TEST_CASE("nothing but the listed parameters gets a gradient", "[coop]") {
  const auto model = ToyModel::make();
  ToyCoop coop(model, toy_classes(4));
  REQUIRE(coop.parameters().size() == 1);
  CHECK(coop.parameters()[0].name == "prompt_learner.ctx");
  auto images = images_of(4);
  images.pixels.requires_grad_(true);
  const Output output = coop.forward(images, Candidates::all(4));
  CHECK_FALSE(output.image.requires_grad());
  output.logits.sum().backward();
  CHECK(coop.parameters()[0].value.grad().defined());
  CHECK_FALSE(images.pixels.grad().defined());
  for (const auto& [name, value] : model->weights()) {
    CAPTURE(name);
    CHECK_FALSE(value.requires_grad());
    CHECK_FALSE(value.grad().defined());
  }
  CHECK_FALSE(coop.auxiliary_loss(output, {}).defined());
}

TEST_CASE("started from words, it is the zero-shot classifier", "[coop]") {
  const auto model = ToyModel::make(4);
  ToyCoop coop(model, toy_classes(7), {.init = "a photo of a"});
  ZeroShot<ToyModel> zero_shot(model, toy_classes(7), {.templates = {"a photo of a {}."}});
  const auto all = Candidates::all(7);
  CHECK(largest_difference(coop.encode_text(all), zero_shot.encode_text(all)) < 1e-6);
  const auto images = images_of(7);
  CHECK(largest_difference(coop.forward(images, all).logits, zero_shot.forward(images, all).logits) < 2e-5);
}

TEST_CASE("class-specific contexts have a row a class and stay with their classes", "[coop]") {
  const auto model = ToyModel::make();
  ToyCoop coop(model, toy_classes(5), random_start(ClassPosition::End, true));
  CHECK(coop.parameters()[0].value.sizes() == at::IntArrayRef({5, 3, 64}));
  CHECK_NOTHROW(coop.bind(toy_classes(5)));
  CHECK_THROWS_AS(coop.bind(toy_classes(4)), OptionError);
  CHECK_THROWS_WITH(coop.bind(toy_classes(4)), ContainsSubstring("shared context"));
  CHECK(coop.classes() == toy_classes(5));
  coop.forward(images_of(5), Candidates{{1, 3}}).logits.square().sum().backward();
  const Tensor touched = coop.parameters()[0].value.grad().abs().sum(at::IntArrayRef({1, 2}));
  CHECK(touched[0].item<float>() == 0);
  CHECK(touched[1].item<float>() > 0);
  CHECK(touched[2].item<float>() == 0);
}

TEST_CASE("the seed alone decides a random start", "[coop]") {
  const auto model = ToyModel::make();
  const auto start = [&](std::uint64_t seed) {
    ToyCoop coop(model, toy_classes(3), {.init = "", .context = 16, .seed = seed});
    return coop.parameters()[0].value.detach().clone();
  };
  CHECK(start(1).equal(start(1)));
  CHECK_FALSE(start(1).equal(start(2)));
  CHECK(start(1).pow(2).mean().sqrt().item<double>() == Approx(0.02).epsilon(0.1));
  CHECK_THROWS_WITH(ToyCoop(model, toy_classes(3), {.init = "", .context = 0}), ContainsSubstring("at least 1"));
}

TEST_CASE("contexts of their own for classes start at random", "[coop]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_WITH(Coop<ToyModel>(model, toy_classes(3), {.class_specific = true}),
                    ContainsSubstring("class_specific = true with the start \"a photo of a\"") &&
                        ContainsSubstring("set init = \"\" and context = 4"));
  Coop<ToyModel> own(model, toy_classes(3), {.init = "", .context = 4, .class_specific = true});
  CHECK(own.parameters()[0].value.dim() == 3);
}

TEST_CASE("names that no prompt can tell apart are refused where a backbone is made", "[coop]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_WITH(Coop<ToyModel>(model, ClassList{{"cat", "dog", "Cat"}}), ContainsSubstring("classes 0 and 2"));
  Coop<ToyModel> coop(model, toy_classes(3));
  CHECK_THROWS_WITH(coop.bind(ClassList{{"cat", ""}}), ContainsSubstring("class 1 has an empty name"));
  CHECK(coop.classes() == toy_classes(3));
  CHECK_NOTHROW(coop.bind(ClassList{{"missile", "missile"}, SameNames::accept}));
}
