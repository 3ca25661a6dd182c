// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/promptkd.hpp>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/image_sources.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <support/backbone_properties.hpp>
#include <support/catch.hpp>
#include <support/counting_model.hpp>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using Teacher = ZeroShot<ToyModel>;
using ToyKd = PromptKd<ToyModel, Teacher>;

const PromptKdOptions promptkd_shape{.vision_context = 2, .vision_depth = 3, .weight = 100};

/// Another model than the student's, with features of another width.
Teacher teacher_of(std::int64_t classes, int resolution = 8) {
  ClipArchitecture larger = mao::testing::toy_sizes();
  larger.embed = 24;
  larger.resolution = resolution;
  return Teacher(std::make_shared<const ToyModel>(7, larger), toy_classes(classes));
}

ToyKd student_of(std::int64_t classes, PromptKdOptions options = promptkd_shape) {
  return ToyKd(ToyModel::make(), teacher_of(classes), options);
}

}  // namespace

static_assert(ClassFeatures<ToyKd> && NeedsAllClasses<ToyKd> && IgnoresLabels<ToyKd> && HasBuffers<ToyKd>);
static_assert(DistillationTeacher<Teacher> && DistillationTeacher<Coop<ToyModel>>);

TEST_CASE("PromptKD keeps the promises of a backbone", "[promptkd]") {
  SECTION("learned tensors survive binding") {
    mao_test::check_binding([] { return student_of(6); });
  }
  SECTION("every class is encoded, whatever the candidates") {
    mao_test::check_candidates([] { return student_of(6); });
  }
  SECTION("the parameters get gradients, an evaluation changes nothing") {
    mao_test::check_gradients([] { return student_of(6); });
  }
}

TEST_CASE("PromptKD trains vision prompts and a projector", "[promptkd]") {
  auto student = student_of(3);
  CHECK(mao_test::count(student.parameters()) == 2 * 128 * 3 + 16 * 24 + 24 + 2 * 24 + 24 * 24 + 24);
  CHECK(student.parameters().front().name == "image_encoder.VPT");
  const VisionPrompt published(9, 4, 768, Rng(1));
  const Projector projector("VPT_image_trans", 512, 768, Rng(1));
  CHECK(mao_test::count(published.parameters()) + mao_test::count(projector.parameters()) == 1013760);
}

TEST_CASE("PromptKD's teacher sees each view once while the same ones are shown", "[promptkd]") {
  const auto theirs = std::make_shared<const mao_test::CountingModel>(7);
  PromptKd student(ToyModel::make(), ZeroShot(theirs, toy_classes(4)), promptkd_shape);
  const mao::testing::ToyImages data(4, 3, 1);
  FeaturedImages images(std::make_unique<TensorImages>(data.pixels), at::zeros({12, 16}));
  const auto logits = [&](const std::vector<std::int64_t>& wanted, bool augment = false) {
    std::vector<View> views;
    for (const std::int64_t image : wanted) views.push_back({image, 0, augment});
    return student.teacher_logits(images.load(views));
  };
  theirs->reset();
  const Tensor once = logits({0, 3, 5, 3});
  CHECK(theirs->frozen_images == 3);
  CHECK(logits({5, 3, 0, 3}).equal(once.index_select(0, at::tensor({2, 1, 0, 3}))));
  CHECK(theirs->frozen_images == 3);
  CHECK(largest_difference(logits({0, 3, 5, 3}, true), once) < 1e-4);  // not augmented after all, but not known to be
  CHECK(theirs->frozen_images == 7);
  student.bind(toy_classes(2));
  CHECK(logits({0}).sizes().vec() == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("PromptKD's loss is the divergence from the teacher alone", "[promptkd]") {
  PromptKdOptions options = promptkd_shape;
  options.temperature = 2;
  auto student = student_of(4, options);
  Teacher teacher = teacher_of(4);
  const ImageBatch images = mao_test::toy_batch();
  Output output = student.forward(images, Candidates::all(4));
  output.images = images;
  const Tensor wanted = teacher.forward(images, Candidates::all(4)).logits.div(2).softmax(1);
  const Tensor found = output.logits.div(2).log_softmax(1);
  const Tensor each = wanted.mul(wanted.log().sub(found)).sum(1).div(4);
  Batch batch{.images = {0, 1, 2, 3, 4, 5}, .labels = {0, 0, 0, 0, 0, 0}, .weights = {}};
  const Losses losses = losses_of(student, CrossEntropy{}, output, output, batch);
  CHECK(losses.total.item<double>() == Approx(100 * 4 * each.mean().item<double>()).epsilon(1e-4));

  batch.labels = {3, 1, 2, 0, 1, 2};
  batch.weights = {1, 0, 0, 3, 0, 0};
  const double weighted = 0.25 * each[0].item<double>() + 0.75 * each[3].item<double>();
  CHECK(losses_of(student, CrossEntropy{}, output, output, batch).total.item<double>() ==
        Approx(400 * weighted).epsilon(1e-4));
}

TEST_CASE("PromptKD scores by the teacher's text and scale", "[promptkd]") {
  auto student = student_of(4);
  Teacher teacher = teacher_of(4);
  const at::NoGradGuard frozen;
  const ImageBatch images = mao_test::toy_batch();
  const Tensor text = teacher.encode_text(Candidates::all(4));
  CHECK(
      student.encode_text(Candidates{{2, 0}}).equal(text.index_select(0, at::tensor(std::vector<std::int64_t>{2, 0}))));
  const Tensor expected = student.encode_image(images).matmul(text.t()).mul(20);
  CHECK(largest_difference(Scorer(student)(images), expected) < 1e-5);
}

TEST_CASE("PromptKD shows the teacher pixels, not the student's kept features", "[promptkd]") {
  auto student = student_of(4);
  ImageBatch images = mao_test::toy_batch();
  const Tensor expected = student.teacher_logits(images);
  images.features = normal_tensor({6, 24}, 1.0, Rng(1));
  CHECK(student.teacher_logits(images).equal(expected));
}

TEST_CASE("PromptKD refuses what it cannot learn from", "[promptkd]") {
  CHECK_THROWS_WITH(ToyKd(ToyModel::make(), teacher_of(3, 12), promptkd_shape),
                    ContainsSubstring("the student takes images of 8 pixels per side, the teacher of 12"));
  CHECK_THROWS_WITH(student_of(3, {.vision_depth = 4}), ContainsSubstring("vision_depth = 4, the tower has 3 blocks"));
  CHECK_THROWS_WITH(student_of(3, {.vision_depth = 3, .temperature = 0}), ContainsSubstring("temperature = 0"));
  auto student = student_of(4);
  const Output part = student.forward(mao_test::toy_batch(), Candidates{{0, 1, 2}});
  CHECK_THROWS_WITH(student.auxiliary_loss(part, mao_test::toy_labels), ContainsSubstring("over all 4 classes"));
}
