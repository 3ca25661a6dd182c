// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/promptsrc.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/cached_views.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/checkpoint.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>
#include <support/counting_model.hpp>
#include <support/shape_model.hpp>
#include <support/temporary_folder.hpp>

#include <ATen/ops/matmul.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyPromptSrc = PromptSrc<ToyModel>;

PromptSrcOptions promptsrc_shape(double text = 25, double image = 10, double logits = 1) {
  PromptSrcOptions options;
  options.text_depth = options.vision_depth = 3;
  options.templates = {"a photo of a {}.", "a sketch of the {}.", "one {}."};
  options.text_weight = text;
  options.image_weight = image;
  options.logit_weight = logits;
  return options;
}

ToyPromptSrc toy_promptsrc(const PromptSrcOptions& options = promptsrc_shape()) {
  return ToyPromptSrc(ToyModel::make(), toy_classes(6), options);
}

Output seen(ToyPromptSrc& backbone) {
  Output output = backbone.forward(mao_test::toy_batch(), Candidates::all(6));
  output.images = mao_test::toy_batch();
  return output;
}

double auxiliary(const PromptSrcOptions& options) {
  ToyPromptSrc backbone = toy_promptsrc(options);
  return backbone.auxiliary_loss(seen(backbone), {}).item<double>();
}

}  // namespace

static_assert(RawFeatures<ToyPromptSrc> && NeedsAllClasses<ToyPromptSrc> && !FrozenImageTower<ToyPromptSrc>);
static_assert(HasBuffers<ToyPromptSrc> && EpochAware<ToyPromptSrc> && Finishes<ToyPromptSrc>);

TEST_CASE("PromptSRC keeps the promises of a backbone", "[promptsrc]") {
  mao_test::check_backbone([] { return toy_promptsrc(); });
}

TEST_CASE("PromptSRC's teacher encodes its texts once a binding, and no image whose features were kept",
          "[promptsrc]") {
  const auto model = std::make_shared<const mao_test::CountingModel>();
  PromptSrc<mao_test::CountingModel> backbone(model, toy_classes(6), promptsrc_shape());
  CHECK(model->texts >= 3 * 6);  // three templates
  const testing::ToyImages data(6, 4, 1);
  const auto epoch_on = [&](ImageSource& images) {
    model->reset();
    plain(backbone, backbone.classes(), data.labels,
          {.batch = 8, .schedule = {.epochs = 1}, .tuner = {.augment = true}})
        .fit(images);
    CHECK(model->prompted_images == 24);
    CHECK(model->texts == 3 * 6);  // three steps, the learned prompts alone
  };
  TensorImages pixels(data.pixels);
  epoch_on(pixels);
  CHECK(model->frozen_images == 24);
  const Tensor features = CachedViews::encode(*model, pixels, 2, 1);
  CachedViews views(std::make_unique<TensorImages>(data.pixels), features, 1, true);
  epoch_on(views);
  CHECK(model->frozen_images == 0);
}

TEST_CASE("PromptSRC trains as many numbers as published", "[promptsrc]") {
  PromptSrc<mao_test::ShapeModel> big(std::make_shared<const mao_test::ShapeModel>(), toy_classes(2));
  CHECK(mao_test::count(big.parameters()) == 46080);
  ToyPromptSrc backbone = toy_promptsrc();
  CHECK(mao_test::count(backbone.parameters()) == 3 * 4 * (64 + 128));
  CHECK(PromptSrcOptions{}.templates.size() == 60);
}

TEST_CASE("PromptSRC's teacher is the unit mean of un-normalised features", "[promptsrc]") {
  const auto model = ToyModel::make();
  const ToyPromptSrc backbone(model, toy_classes(6), promptsrc_shape());
  Tensor sum = sentence_features(*model, {"a photo of a big dog."}) +
               sentence_features(*model, {"a sketch of the big dog."}) + sentence_features(*model, {"one big dog."});
  CHECK(largest_difference(backbone.teacher()[1], unit_rows(sum)[0]) < 1e-5);
}

TEST_CASE("PromptSRC's terms are the distances of the formula", "[promptsrc]") {
  ToyPromptSrc backbone = toy_promptsrc();
  const Output output = seen(backbone);
  const Tensor image = unit_rows(backbone.model().encode_image(output.images.pixels)), text = backbone.teacher();
  CHECK(auxiliary(promptsrc_shape(1, 0, 0)) == Approx((output.text - text).abs().sum().item<double>() / (6 * 16)).epsilon(1e-5));
  CHECK(auxiliary(promptsrc_shape(0, 1, 0)) ==
        Approx((output.image - image).abs().sum().item<double>() / (6 * 16)).epsilon(1e-5));
  const Tensor p = (at::matmul(image, text.t()) * 20.0).to(at::kDouble).softmax(1),
               q = output.logits.to(at::kDouble).softmax(1);
  CHECK(auxiliary(promptsrc_shape(0, 0, 1)) == Approx((p * (p / q).log()).sum().item<double>() / 36).epsilon(1e-4));
  const double sum = 25 * auxiliary(promptsrc_shape(1, 0, 0)) + 10 * auxiliary(promptsrc_shape(0, 1, 0)) + auxiliary(promptsrc_shape(0, 0, 1));
  CHECK(auxiliary(promptsrc_shape()) == Approx(sum).epsilon(1e-5));
}

TEST_CASE("PromptSRC takes the frozen features that came with the pixels", "[promptsrc]") {
  ToyPromptSrc backbone = toy_promptsrc();
  Output output = seen(backbone);
  const double expected = backbone.auxiliary_loss(output, {}).item<double>();
  output.images.features = backbone.model().encode_image(output.images.pixels);
  CHECK(backbone.auxiliary_loss(output, {}).item<double>() == Approx(expected));
  output.images = {};
  CHECK_THROWS_WITH(backbone.auxiliary_loss(output, {}), ContainsSubstring("does not hold the images"));
}

TEST_CASE("PromptSRC in MAO's base stage keeps its own terms over all classes", "[promptsrc]") {
  const mao::Batch two{.images = {0, 1}, .labels = {0, 1}, .weights = {}};
  ToyPromptSrc backbone = toy_promptsrc();
  const AlterableRegularizer regularizer;
  const Candidates candidates = regularizer.candidates(two, backbone.classes());
  Output full = seen(backbone);
  Output output = select_candidates(full, candidates);
  CHECK(output.logits.size(1) == 2);
  CHECK(full.logits.size(1) == 6);
  CHECK(backbone.auxiliary_loss(full, two).item<double>() == Approx(auxiliary(promptsrc_shape())));
}

TEST_CASE("a PromptSRC run that is resumed ends where an uninterrupted one does", "[promptsrc]") {
  const mao::testing::ToyImages images(3, 2, 5);
  PromptSrcOptions options = promptsrc_shape();
  options.aggregation = {.mean = 2, .deviation = 1};
  const PlainOptions plain_options{.batch = 3, .schedule = {.epochs = 3, .learning_rate = 0.01}};
  const auto run = [&](ToyPromptSrc& backbone, int stop_after, const TunerState* from) {
    TensorImages source(images.pixels);
    auto tuner = plain(backbone, backbone.classes(), images.labels, plain_options);
    if (from != nullptr) tuner.resume(*from);
    int epochs = 0;
    Observer observer;
    observer.on_epoch = [&](const EpochReport&) { ++epochs; };
    observer.should_stop = [&] { return epochs == stop_after; };
    tuner.fit(source, observer);
    return tuner.state();
  };
  ToyPromptSrc whole = toy_promptsrc(options), first = toy_promptsrc(options), second = toy_promptsrc(options);
  run(whole, -1, nullptr);
  const TunerState half = run(first, 1, nullptr);
  CHECK(half.buffers.size() == first.parameters().size() + 1);
  const mao_test::TemporaryFolder folder;
  const PromptInfo info{.method = "promptsrc", .model = "toy", .classes = toy_classes(6)};
  save_checkpoint(folder.path() / "run.safetensors", half, info);
  const TunerState loaded = load_checkpoint(folder.path() / "run.safetensors", info);
  run(second, -1, &loaded);
  const auto expected = mao_test::copy_of(whole.parameters());
  for (const Parameter& each : second.parameters()) {
    CAPTURE(each.name);
    CHECK(each.value.equal(expected.at(each.name)));
  }
  CHECK(second.buffers().empty());
}

TEST_CASE("PromptSRC refuses weights below 0 and depths that a tower does not have", "[promptsrc]") {
  CHECK_THROWS_WITH(toy_promptsrc(promptsrc_shape(-1)), ContainsSubstring("PromptSrc: a loss weight of -1"));
  CHECK_THROWS_WITH(ToyPromptSrc(ToyModel::make(), toy_classes(3)), ContainsSubstring("text_depth = 9"));
}
