// SPDX-License-Identifier: Apache-2.0
#include <mao/labelers/labelers.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/softmax.h>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

static_assert(PseudoLabeler<ZeroShotLabeler<ToyModel>> && PseudoLabeler<TunedPromptLabeler<Coop<ToyModel>>>);

namespace {

ImageBatch some_images() { return {.pixels = ToyImages(6, 3, 2).pixels, .features = {}}; }

}  // namespace

TEST_CASE("labels are the zero-shot winners, confidences their probabilities", "[labelers]") {
  const auto model = ToyModel::make();
  ZeroShotLabeler<ToyModel> labeler(model, toy_classes(6));
  ZeroShot<ToyModel> zero_shot(model, toy_classes(6));
  const auto images = some_images();
  const PseudoLabels labels = labeler.label(images);
  const Tensor probabilities = at::softmax(zero_shot.forward(images, Candidates::all(6)).logits, 1);
  REQUIRE(labels.labels.size() == 18);
  REQUIRE(labels.confidence.size() == 18);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const Tensor row = probabilities[static_cast<std::int64_t>(i)];
    CHECK(labels.labels[i] == row.argmax().item<std::int64_t>());
    CHECK(labels.confidence[i] == Approx(row.max().item<float>()).epsilon(1e-4));
    CHECK(labels.confidence[i] >= 1.0F / 6.0F);
    CHECK(labels.confidence[i] <= 1.0F);
  }
}

TEST_CASE("the labels of an image do not depend on the rest of its batch", "[labelers]") {
  ZeroShotLabeler<ToyModel> labeler(ToyModel::make(), toy_classes(6));
  const auto images = some_images();
  const auto whole = labeler.label(images);
  for (std::int64_t i = 0; i < images.pixels.size(0); ++i) {
    const auto one = labeler.label({.pixels = images.pixels.narrow(0, i, 1), .features = {}});
    CHECK(one.labels.at(0) == whole.labels.at(static_cast<std::size_t>(i)));
  }
}

TEST_CASE("a labeller does not drift with the prompts in training", "[labelers]") {
  const auto model = ToyModel::make();
  Coop<ToyModel> coop(model, toy_classes(6));
  TunedPromptLabeler<Coop<ToyModel>> labeler(coop);
  const auto before = labeler.label(some_images());
  {
    const at::NoGradGuard no_graph;
    Tensor context = coop.parameters()[0].value;
    context.copy_(normal_tensor({4, 64}, 1.0, Rng(5)));
  }
  const auto after = labeler.label(some_images());
  CHECK(before.labels == after.labels);
  CHECK(before.confidence == after.confidence);
}

TEST_CASE("at its start from words a tuned labeller is the zero-shot one", "[labelers]") {
  const auto model = ToyModel::make();
  TunedPromptLabeler<Coop<ToyModel>> tuned(Coop<ToyModel>(model, toy_classes(6)));
  ZeroShotLabeler<ToyModel> frozen(model, toy_classes(6));
  CHECK(tuned.label(some_images()).labels == frozen.label(some_images()).labels);
}
