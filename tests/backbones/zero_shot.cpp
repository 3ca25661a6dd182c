// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

static_assert(Backbone<ZeroShot<ToyModel>> && ClassFeatures<ZeroShot<ToyModel>> &&
              FrozenImageTower<ZeroShot<ToyModel>>);

namespace {

Tensor template_features(const ToyModel& model, const std::string& pattern, const ClassList& classes) {
  std::vector<std::string> sentences;
  for (const std::string& name : classes.names) sentences.push_back(fill_template(pattern, name));
  return unit_rows(sentence_features(model, sentences));
}

}  // namespace

TEST_CASE("one template: the class vector is the sentence's feature", "[zero_shot]") {
  const auto model = ToyModel::make();
  ZeroShot<ToyModel> zero_shot(model, toy_classes(5));
  const Tensor expected = template_features(*model, "a photo of a {}.", toy_classes(5));
  CHECK(largest_difference(zero_shot.encode_text(Candidates::all(5)), expected) < 1e-6);
  CHECK(largest_difference(zero_shot.encode_text({{4, 0}}), expected.index_select(0, at::tensor({4, 0}))) < 1e-6);
  CHECK(zero_shot.parameters().empty());
}

TEST_CASE("several templates: the mean of unit features, at unit length", "[zero_shot]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(4);
  ZeroShot<ToyModel> zero_shot(model, classes, {.templates = {"a photo of a {}.", "itap of a {}.", "{} texture."}});
  const Tensor sum = template_features(*model, "a photo of a {}.", classes) +
                     template_features(*model, "itap of a {}.", classes) +
                     template_features(*model, "{} texture.", classes);
  const Tensor features = zero_shot.encode_text(Candidates::all(4));
  CHECK(largest_difference(features, unit_rows(sum)) < 1e-6);
  CHECK(largest_difference(features.norm(2, -1), at::ones({4})) < 1e-6);
}

TEST_CASE("binding gives the classifier of the other classes", "[zero_shot]") {
  const auto model = ToyModel::make();
  const ImageBatch images{.pixels = ToyImages(3, 2, 1).pixels, .features = {}};
  ZeroShot<ToyModel> bound(model, toy_classes(3)), direct(model, toy_classes(6));
  bound.bind(toy_classes(6));
  CHECK(bound.classes() == toy_classes(6));
  const auto all = Candidates::all(6);
  CHECK(bound.forward(images, all).logits.equal(direct.forward(images, all).logits));
  CHECK_FALSE(bound.forward(images, all).logits.requires_grad());
}

TEST_CASE("kept features give the logits of their pixels", "[zero_shot]") {
  const auto model = ToyModel::make();
  const Tensor pixels = ToyImages(3, 2, 1).pixels;
  ZeroShot<ToyModel> zero_shot(model, toy_classes(3));
  const auto all = Candidates::all(3);
  const Output from_pixels = zero_shot.forward({.pixels = pixels, .features = {}}, all);
  const Output from_features = zero_shot.forward({.pixels = {}, .features = model->encode_image(pixels)}, all);
  CHECK(largest_difference(from_pixels.logits, from_features.logits) < 1e-5);
}

TEST_CASE("a template must have one place for the name", "[zero_shot]") {
  const auto model = ToyModel::make();
  using Zero = ZeroShot<ToyModel>;
  CHECK_THROWS_WITH(Zero(model, toy_classes(2), {.templates = {}}), ContainsSubstring("no template"));
  CHECK_THROWS_WITH(Zero(model, toy_classes(2), {.templates = {"a photo."}}), ContainsSubstring("exactly once"));
  CHECK_THROWS_AS(Zero(model, toy_classes(2), {.templates = {"{} and {}"}}), OptionError);
}
