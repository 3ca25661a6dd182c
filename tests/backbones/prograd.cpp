// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/prograd.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/optimizers/optimizer.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyProGrad = ProGrad<ToyModel>;

const std::string prograd_pet = "a type of pet, a photo of a {}.";

Output forward_all(ToyProGrad& prograd) {
  return prograd.forward(mao_test::toy_batch(), Candidates::all(prograd.classes().size()));
}

/// Labels that want more of what the teacher wants less of.
Batch labels_against(const Tensor& teacher_logits, const Tensor& logits) {
  Batch batch = mao_test::toy_labels;
  const Tensor least = (logits.softmax(1) - teacher_logits.softmax(1)).argmax(1);
  for (std::size_t i = 0; i < batch.labels.size(); ++i) {
    batch.labels[i] = least[static_cast<std::int64_t>(i)].item<std::int64_t>();
  }
  return batch;
}

double product(const Tensor& a, const Tensor& b) { return (a * b).sum().item<double>(); }

}  // namespace

static_assert(RawFeatures<ToyProGrad> && FrozenImageTower<ToyProGrad> && NeedsAllClasses<ToyProGrad>);
static_assert(CombinesLosses<ToyProGrad> && WeighsLosses<ToyProGrad>);

TEST_CASE("ProGrad keeps the promises of a backbone", "[prograd]") {
  mao_test::check_backbone(
      [] { return ToyProGrad(ToyModel::make(), toy_classes(6), {.init = "", .templates = {prograd_pet}}); });
}

TEST_CASE("an aligned gradient never points against the teacher", "[prograd]") {
  const Rng rng(3);
  int kept = 0, turned = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const Tensor task = normal_tensor({3, 5}, 1.0, rng["task"][i]),
                 teacher = normal_tensor({3, 5}, 1.0, rng["teacher"][i]);
    const Tensor aligned = aligned_gradient(task, teacher, 1.0);
    if (product(task, teacher) >= 0) {
      CHECK(aligned.equal(task));
      ++kept;
    } else {
      CHECK(std::abs(product(aligned, teacher)) < 1e-5);
      // Only what points along the teacher is gone: the rest is at a right angle to it.
      CHECK(product(aligned, aligned) == Approx(product(aligned, task)).epsilon(1e-4));
      const Tensor part = aligned_gradient(task, teacher, 0.8);
      CHECK(product(part, teacher) == Approx(0.2 * product(task, teacher)).epsilon(1e-4));
      ++turned;
    }
  }
  CHECK(kept > 5);
  CHECK(turned > 5);
}

TEST_CASE("a teacher without a gradient leaves the task's as it is", "[prograd]") {
  const Tensor task = normal_tensor({4}, 1.0, Rng(1));
  CHECK(aligned_gradient(task, at::zeros({4}), 1.0).equal(task));
}

TEST_CASE("ProGrad steps along the task's gradient without its conflict, and never along the teacher's", "[prograd]") {
  const auto model = ToyModel::make();
  int kept = 0, turned = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    ToyProGrad prograd(model, toy_classes(6), {.init = "", .templates = {prograd_pet}, .seed = seed});
    const Output full = forward_all(prograd);
    const Batch batch =
        seed % 2 == 0 ? labels_against(prograd.teacher_logits(full), full.logits) : mao_test::toy_labels;
    const Tensor task = batch_cross_entropy(full, batch), auxiliary = prograd.auxiliary_loss(full, batch);
    const Tensor own = prograd.gradients_of(task, true)[0], teacher = prograd.gradients_of(auxiliary, true)[0];
    prograd.combine(task, auxiliary);
    const Tensor result = prograd.parameters()[0].value.grad();
    const double agreement = product(own, teacher);
    const Tensor expected = agreement >= 0 ? own : own - teacher * (agreement / product(teacher, teacher));
    CAPTURE(seed, agreement);
    CHECK(relative_difference(result, expected) < 1e-5);
    ++(agreement >= 0 ? kept : turned);
  }
  CHECK(kept > 0);
  CHECK(turned > 0);
}

TEST_CASE("the gradient of each loss is that of a backward pass of its own", "[prograd]") {
  ToyProGrad prograd(ToyModel::make(), toy_classes(6), {.init = ""});
  const auto alone = [&](bool auxiliary) {
    const Output full = forward_all(prograd);
    const Tensor loss = auxiliary ? prograd.auxiliary_loss(full, mao_test::toy_labels)
                                  : batch_cross_entropy(full, mao_test::toy_labels);
    return prograd.gradients_of(loss, false)[0];
  };
  const Output full = forward_all(prograd);
  const Tensor task = batch_cross_entropy(full, mao_test::toy_labels),
               auxiliary = prograd.auxiliary_loss(full, mao_test::toy_labels);
  CHECK(relative_difference(prograd.gradients_of(auxiliary, true)[0], alone(true)) < 1e-5);
  CHECK(relative_difference(prograd.gradients_of(task, false)[0], alone(false)) < 1e-5);
}

TEST_CASE("the teacher's loss is the cross entropy towards the frozen model", "[prograd]") {
  const auto model = ToyModel::make();
  const double t = 2.5;
  ToyProGrad prograd(model, toy_classes(6), {.init = "", .templates = {prograd_pet}, .temperature = t});
  const Output full = forward_all(prograd);
  const Tensor image = unit_rows(model->encode_image(mao_test::toy_batch().pixels));
  const Tensor teacher = at::matmul(image, frozen_class_features(*model, toy_classes(6), {prograd_pet}).t()) * 20.0;
  CHECK(largest_difference(prograd.teacher_logits(full), teacher) < 1e-5);
  double expected = 0;
  for (std::int64_t b = 0; b < 6; ++b) {
    const Tensor wanted = (teacher[b] / t).softmax(0), actual = (full.logits[b] / t).log_softmax(0);
    expected -= t * t * product(wanted, actual) / 6;
  }
  CHECK(prograd.auxiliary_loss(full, mao_test::toy_labels).item<double>() == Approx(expected).epsilon(1e-5));
}

TEST_CASE("the loss of a ProGrad step is the task loss", "[prograd]") {
  ToyProGrad prograd(ToyModel::make(), toy_classes(6), {.init = ""});
  const Losses losses = mao_test::back_propagated(prograd, false, mao_test::toy_labels);
  CHECK(losses.total.item<double>() == losses.task.item<double>());
  CHECK(losses.auxiliary.defined());
}

TEST_CASE("ProGrad starts from words, from words behind zeros, or at random", "[prograd]") {
  const auto model = ToyModel::make();
  const auto start = [&](const ProGradOptions& options) {
    return ToyProGrad(model, toy_classes(3), options).parameters()[0].value.detach();
  };
  const Tensor words = start({});
  CHECK(words.equal(phrase_embedding(*model, ContextPhrase::words("a photo of a"))));
  const Tensor padded = start({.context = 6, .padded = true});
  REQUIRE(padded.size(0) == 6);
  CHECK(padded.narrow(0, 0, 2).abs().max().item<double>() == 0);
  CHECK(padded.narrow(0, 2, 4).equal(words));
  CHECK(start({.init = "", .context = 5}).sizes() == at::IntArrayRef({5, 64}));
  CHECK(start({.init = "", .context = 5, .class_specific = true}).sizes() == at::IntArrayRef({3, 5, 64}));
  CHECK(start({.init = "", .context = 5, .padded = true}).norm().item<double>() > 0);
  CHECK_THROWS_WITH(start({.context = 2, .padded = true}), ContainsSubstring("4 words for 2 vectors"));
}

TEST_CASE("ProGrad refuses settings out of range", "[prograd]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_WITH(ToyProGrad(model, toy_classes(2), {.temperature = 0}),
                    ContainsSubstring("ProGrad: temperature = 0"));
  CHECK_THROWS_WITH(ToyProGrad(model, toy_classes(2), {.lambda = -1}), ContainsSubstring("ProGrad: lambda = -1"));
  CHECK_THROWS_AS(ToyProGrad(model, toy_classes(2), {.init = "", .context = 0}), OptionError);
}
