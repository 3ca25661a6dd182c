// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/adapt.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/tuner/recipes.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyAdapt = Adapt<ToyModel>;

const AdaptOptions small_adapt{.tokens = 2, .target = 6};  // of 2 * (3 + 3) = 12

ToyAdapt toy_adapt(const AdaptOptions& options = small_adapt) { return ToyAdapt(ToyModel::make(), toy_classes(6), options); }

PlainOptions training(int epochs) { return {.batch = 16, .schedule = {.epochs = epochs, .learning_rate = 0.05}}; }

}  // namespace

static_assert(ClassFeatures<ToyAdapt> && NeedsAllClasses<ToyAdapt> && EpochAware<ToyAdapt> && HasBuffers<ToyAdapt>);
static_assert(!FrozenImageTower<ToyAdapt> && !NeedsTwoViews<ToyAdapt>);

TEST_CASE("ADAPT keeps the promises of a backbone", "[adapt]") {
  mao_test::check_backbone([] { return toy_adapt(); });
}

TEST_CASE("ADAPT keeps them with angles between classes and images", "[adapt]") {
  AdaptOptions options = small_adapt;
  options.distance = TeacherDistance::RelationalAngle;
  mao_test::check_backbone([&] { return toy_adapt(options); });
}

TEST_CASE("ADAPT trains a bank for each tower and keeps as many numbers as tokens are left", "[adapt]") {
  ToyAdapt adapt = toy_adapt();
  CHECK(mao_test::count(adapt.parameters()) == 2 * 3 * 64 + 2 * 3 * 128);
  CHECK(adapt.kept_numbers() == 2 * 3 * 64 + 2 * 3 * 128);
  const auto at_vit_b16 = [](std::int64_t text, std::int64_t vision) { return 512 * text + 768 * vision; };
  CHECK(at_vit_b16(128, 0) == 65536);
  CHECK(at_vit_b16(0, 128) == 98304);
  CHECK(at_vit_b16(64, 64) == 81920);
}

TEST_CASE("ADAPT's loss is what it says", "[adapt]") {
  AdaptOptions options = small_adapt;
  options.text_weight = 0.5;
  options.image_weight = 2;
  ToyAdapt adapt = toy_adapt(options);
  Output full = adapt.forward(mao_test::toy_batch(), Candidates::all(6));
  full.images = mao_test::toy_batch();
  const double loss = adapt.auxiliary_loss(full, mao_test::toy_labels).item<double>();
  const at::NoGradGuard frozen;
  std::vector<std::string> sentences;
  for (const std::string& name : toy_classes(6).names) sentences.push_back("a photo of a " + readable(name) + ".");
  const Tensor text = unit_rows(sentence_features(adapt.model(), sentences));
  const Tensor image = unit_rows(adapt.model().encode_image(full.images.pixels));
  const double expected = 0.5 * (1 - (full.text * text).sum(1).mean().item<double>()) +
                          2 * (1 - (full.image * image).sum(1).mean().item<double>());
  CHECK(loss == Approx(expected).epsilon(1e-4));
  options.text_weight = options.image_weight = 0;
  CHECK_FALSE(toy_adapt(options).auxiliary_loss(full, mao_test::toy_labels).defined());
}

TEST_CASE("ADAPT's saliency is gradient times value of every step", "[adapt]") {
  ToyAdapt adapt = toy_adapt();
  Tensor text = at::zeros({3, 2}), vision = at::zeros({3, 2});
  for (int step = 0; step < 3; ++step) {
    mao_test::back_propagated(adapt, false, mao_test::toy_labels);
    const at::NoGradGuard no_graph;
    ParameterList parameters = adapt.parameters();
    for (Tensor* sum : {&text, &vision}) {
      Tensor value = parameters[sum == &text ? 0 : 1].value;
      sum->add_((value.grad() * value).sum(-1).abs());
      value.sub_(value.grad() * 0.01);
    }
  }
  CHECK(mao::testing::relative_difference(adapt.text_tokens().saliency(), text) < 1e-4);
  CHECK(mao::testing::relative_difference(adapt.vision_tokens().saliency(), vision) < 1e-4);
}

TEST_CASE("ADAPT takes the least salient tokens out, for both towers together or each by itself", "[adapt]") {
  for (const bool joint : {true, false}) {
    AdaptOptions options = small_adapt;
    options.joint = joint;
    ToyAdapt adapt = toy_adapt(options);
    TensorMap state = adapt.buffers();
    // Every text token is less salient than every vision token.
    state["prompt_learner.text_tokens.saliency"] = at::tensor({1.F, 2.F, 3.F, 4.F, 5.F, 6.F}).view({3, 2});
    state["prompt_learner.vision_tokens.saliency"] = at::tensor({12.F, 11.F, 10.F, 9.F, 8.F, 7.F}).view({3, 2});
    adapt.set_buffers(state);
    adapt.end_epoch({.epoch = 0, .horizon = 1});
    CHECK(adapt.kept() == 6);
    CHECK(adapt.text_tokens().total() == (joint ? 0 : 3));
    if (!joint) {
      CHECK(adapt.text_tokens().kept() == std::vector<bool>{false, false, false, true, true, true});
      CHECK(adapt.vision_tokens().kept() == std::vector<bool>{true, true, true, false, false, false});
    }
    CHECK(adapt.vision_tokens().saliency().sum().item<double>() == 0);
    const at::NoGradGuard frozen;
    CHECK(adapt.forward(mao_test::toy_batch(), Candidates::all(6)).logits.isfinite().all().item<bool>());
  }
}

TEST_CASE("ADAPT without text tokens gives the frozen class vectors; a token that is out is not a zero", "[adapt]") {
  AdaptOptions options = small_adapt;
  options.target = 0;
  ToyAdapt adapt = toy_adapt(options);
  const at::NoGradGuard frozen;
  const ImageBatch images = mao_test::toy_batch();
  const Tensor plain_image = unit_rows(adapt.model().encode_image(images.pixels));
  CHECK(largest_difference(adapt.encode_image(images), plain_image) > 1e-4);
  adapt.end_epoch({.epoch = 0, .horizon = 1});
  CHECK(adapt.kept() == 0);
  CHECK(largest_difference(adapt.encode_image(images), plain_image) < 1e-6);
  const Tensor teacher = frozen_class_features(adapt.model(), adapt.classes(), {"a photo of a {}."});
  CHECK(largest_difference(adapt.encode_text(Candidates::all(6)), teacher) < 1e-5);
  ToyAdapt zeros = toy_adapt();
  for (Parameter& bank : zeros.parameters()) bank.value.zero_();
  CHECK(largest_difference(zeros.encode_image(images), plain_image) > 1e-4);
}

TEST_CASE("ADAPT comes to its target in training, revives nothing and leaves what is out alone", "[adapt]") {
  const mao::testing::ToyImages data(6, 8, 1);
  TensorImages images(data.pixels);
  ToyAdapt adapt = toy_adapt();
  std::vector<std::int64_t> kept;
  std::vector<TensorMap> after;
  std::vector<double> losses;
  Observer observer;
  observer.on_epoch = [&](const EpochReport& report) {
    kept.push_back(adapt.kept());
    after.push_back(adapt.buffers());
    for (const Parameter& bank : adapt.parameters()) after.back()[bank.name] = bank.value.detach().clone();
    losses.push_back(report.loss);
  };
  plain(adapt, adapt.classes(), data.labels, training(8)).fit(images, observer);
  CHECK(kept == std::vector<std::int64_t>{9, 7, 6, 6, 6, 6, 6, 6});  // 6 + 6 (1 - r/4)^3
  CHECK(losses.back() < losses.front());
  for (std::size_t epoch = 1; epoch < after.size(); ++epoch) {
    for (const std::string name : {"prompt_learner.text_tokens", "prompt_learner.vision_tokens"}) {
      const Tensor out = after[epoch - 1][name + ".mask"].eq(0);
      CHECK_FALSE(after[epoch][name + ".mask"].masked_select(out).any().item<bool>());
      const Tensor moved = (after[epoch][name] - after[epoch - 1][name]).abs().sum(-1);
      CHECK(moved.masked_select(out).sum().item<double>() == 0);
      CHECK(moved.masked_select(after[epoch][name + ".mask"].ne(0)).min().item<double>() > 0);
    }
  }
}

TEST_CASE("ADAPT goes on after a resume as if it had not been stopped", "[adapt]") {
  const mao::testing::ToyImages data(6, 8, 1);
  TensorImages images(data.pixels);
  ToyAdapt whole = toy_adapt(), first = toy_adapt(), second = toy_adapt();
  plain(whole, whole.classes(), data.labels, training(6)).fit(images);
  int done = 0;
  Observer stop;
  stop.on_epoch = [&](const EpochReport&) { ++done; };
  stop.should_stop = [&] { return done == 2; };
  auto stopped = plain(first, first.classes(), data.labels, training(6));
  stopped.fit(images, stop);
  auto resumed = plain(second, second.classes(), data.labels, training(6));
  resumed.resume(stopped.state());
  CHECK(second.kept() < 12);
  resumed.fit(images);
  for (std::size_t bank = 0; bank < 2; ++bank) {
    CHECK(second.parameters()[bank].value.equal(whole.parameters()[bank].value));
  }
  CHECK(second.text_tokens().kept() == whole.text_tokens().kept());
}

TEST_CASE("ADAPT refuses settings out of range", "[adapt]") {
  CHECK_THROWS_WITH(toy_adapt({.tokens = 2}), ContainsSubstring("target = 128, there are 12 tokens"));
  CHECK_THROWS_WITH(toy_adapt({.tokens = 2, .target = 6, .image_weight = -1}), ContainsSubstring("image_weight = -1"));
  CHECK_THROWS_WITH(toy_adapt({.pattern = "a photo", .tokens = 2, .target = 6}), ContainsSubstring("must contain {}"));
}
