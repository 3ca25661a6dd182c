// SPDX-License-Identifier: Apache-2.0
// Methods that train over a model without a start token, a mask and a class token, whose features mean something.
#include <mao/embedded/siglip.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/embedded/few_shot_task.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/labelers/labelers.hpp>
#include <mao/regularizers/sigmoid_loss.hpp>
#include <mao/sampling/text_tower_similarity.hpp>
#include <mao/tuner/predict.hpp>
#include <mao/tuner/recipes.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// Enough to learn from; no test image is used.
constexpr embedded::FewShotSize few_images{.shots = 4, .test_images = 1};

/// Cross-entropy over the classes of a half, on its training images.
template <class BackboneT>
double loss_on(BackboneT& backbone, const TaskHalf& half, const Tensor& labels) {
  return at::cross_entropy_loss(predict_logits(backbone, half.classes, *half.train, 64), labels).item().toDouble();
}

/// Trains plainly, then in MAO's two stages; the loss falls on the images of each, with the labels that the stage has.
template <class BackboneT>
void expect_learns(const std::shared_ptr<const Siglip>& model, const BaseToNewTask& task, BackboneT plainly,
                   BackboneT with_mao) {
  const Tensor labels = at::tensor(task.base.train_labels);
  const double untrained = loss_on(plainly, task.base, labels);
  plain(plainly, task.base.classes, task.base.train_labels, {.schedule = {.epochs = 3, .learning_rate = 0.01}})
      .fit(*task.base.train);
  CHECK(loss_on(plainly, task.base, labels) < 0.9 * untrained);
  mao_base(with_mao, task.base.classes, task.base.train_labels, TextTowerSimilarity(model),
           {.sampler = {.batch = 4, .k = 4}, .schedule = {.epochs = 2, .learning_rate = 0.005}})
      .fit(*task.base.train);
  CHECK(loss_on(with_mao, task.base, labels) < untrained);
  ZeroShot<Siglip> untuned(model, task.fresh.classes);
  const Tensor guessed = predict_logits(untuned, task.fresh.classes, *task.fresh.train, 64).argmax(-1);
  const double before = loss_on(with_mao, task.fresh, guessed);
  mao_new(with_mao, task.fresh.classes, task.fresh.train->size(), ZeroShotLabeler(model, task.fresh.classes),
          {.schedule = {.epochs = 2, .learning_rate = 0.005}})
      .fit(*task.fresh.train);
  CHECK(loss_on(with_mao, task.fresh, guessed) < before);
}

}  // namespace

TEST_CASE("the embedded SigLIP is found beside the program and is one", "[embedded]") {
  const auto model = embedded::siglip();
  CHECK(std::filesystem::exists(embedded::siglip_folder() / "tokenizer.json"));
  CHECK(model->preprocess().resolution == 48);
  CHECK(model->preprocess().mean[0] == 0.5F);
  CHECK(model->preprocess().mode == ResizeMode::squash);
  CHECK(model->context_length() == 32);
  CHECK(model->start_token() == -1);
  CHECK(model->logit_scale() > 1);
  CHECK(model->logit_bias() < 0);
  CHECK_FALSE(model->weights().form.class_token);
}

TEST_CASE("CoOp learns over the embedded SigLIP, plain and with MAO", "[embedded]") {
  const auto model = embedded::siglip();
  embedded::FewShotTask images(*model, "sketch", 1, few_images);
  const BaseToNewTask task = images.task_view();
  const ClassList& classes = task.base.classes;
  expect_learns(model, task, Coop<Siglip>(model, classes), Coop<Siglip>(model, classes));
}

TEST_CASE("MaPLe learns over the embedded SigLIP, plain and with MAO", "[embedded]") {
  const auto model = embedded::siglip();
  embedded::FewShotTask images(*model, "sketch", 1, few_images);
  const BaseToNewTask task = images.task_view();
  const ClassList& classes = task.base.classes;
  const MapleOptions two{.depth = 2};
  expect_learns(model, task, Maple<Siglip>(model, classes, two), Maple<Siglip>(model, classes, two));
}

TEST_CASE("CoOp with the sigmoid loss and the model's bias learns over the embedded SigLIP", "[embedded]") {
  const auto model = embedded::siglip();
  embedded::FewShotTask images(*model, "sketch", 1, few_images);
  const TaskHalf half = images.task_view().base;
  Coop<Siglip> coop(model, half.classes);
  const Tensor labels = at::tensor(half.train_labels);
  const auto pairwise = [&] {
    const Tensor logits = predict_logits(coop, half.classes, *half.train, 64) + model->logit_bias();
    return at::softplus(-logits * (at::one_hot(labels, half.classes.size()) * 2 - 1)).sum(1).mean().item<double>();
  };
  const double before = loss_on(coop, half, labels), pairs_before = pairwise();
  ShuffledSampler sampler(half.train_labels, half.classes, {.batch = 32});
  PromptTuner tuner(coop, std::move(sampler), SigmoidLoss({.bias = model->logit_bias()}),
                    CosineSchedule({.epochs = 5, .learning_rate = 0.002}));
  tuner.fit(*half.train);
  CHECK(loss_on(coop, half, labels) < before);
  CHECK(pairwise() < 0.9 * pairs_before);
}
