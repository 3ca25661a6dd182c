// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/dept.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/kgcoop.hpp>
#include <mao/backbones/maple.hpp>
#include <mao/backbones/promptsrc.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyCoop = Coop<ToyModel>;
using ToyIvlp = Ivlp<ToyModel>;

/// CoOp with a term over all classes, as PromptSRC and KgCoOp have them.
struct WithTerm : ToyCoop {
  static constexpr bool needs_all_classes = true;
  using ToyCoop::ToyCoop;
  Tensor auxiliary_loss(const Output& output, const Batch&) {
    return output.text.square().mean() + output.logits.mean();
  }
};

Dept<ToyCoop> dept_of(std::int64_t classes, DeptOptions options = {}) {
  return Dept<ToyCoop>(ToyCoop(ToyModel::make(), toy_classes(classes)), options);
}

Dept<ToyIvlp> dept_over_ivlp() {
  return Dept<ToyIvlp>(ToyIvlp(ToyModel::make(), toy_classes(6), {.text_depth = 3, .vision_depth = 2}));
}

double value_of(const Tensor& tensor) { return tensor.item<double>(); }

}  // namespace

static_assert(ScoresItself<Dept<ToyCoop>> && WeighsLosses<Dept<ToyCoop>> && FrozenImageTower<Dept<ToyCoop>>);
static_assert(!FrozenImageTower<Dept<ToyIvlp>> && !NeedsAllClasses<Dept<ToyIvlp>> && !HasBuffers<Dept<ToyIvlp>>);
static_assert(NeedsAllClasses<Dept<WithTerm>> && RawFeatures<ToyCoop> && RawFeatures<ToyIvlp>);

TEST_CASE("DePT over CoOp keeps the promises of a backbone", "[dept]") {
  mao_test::check_backbone([] { return dept_of(6); });
}

TEST_CASE("DePT over IVLP keeps the promises of a backbone", "[dept]") {
  mao_test::check_backbone([] { return dept_over_ivlp(); });
}

TEST_CASE("DePT takes every host that shows its features", "[dept]") {
  const auto model = ToyModel::make();
  const ClassList classes = toy_classes(6);
  SECTION("KgCoOp") {
    mao_test::check_backbone([&] { return Dept(KgCoop<ToyModel>(model, classes)); });
  }
  SECTION("MaPLe") {
    mao_test::check_gradients([&] { return Dept(Maple<ToyModel>(model, classes, {.depth = 3})); });
  }
}

TEST_CASE("DePT over PromptSRC averages its second head over epochs, as the prompts", "[dept]") {
  using Host = PromptSrc<ToyModel>;
  PromptSrcOptions options{.text_depth = 3, .vision_depth = 3};
  options.aggregation = {.mean = 2, .deviation = 1};
  Dept<Host> dept(Host(ToyModel::make(), toy_classes(6), options));
  mao_test::back_propagated(dept, false, mao_test::toy_labels);
  const at::NoGradGuard frozen;
  const ParameterList all = dept.parameters();
  const auto weights = gaussian_weights(2, options.aggregation);
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const Parameter& parameter : all) Tensor(parameter.value).fill_(epoch + 1);
    dept.end_epoch({.epoch = epoch, .horizon = 2});
  }
  dept.finish();
  for (const Parameter& parameter : all) {
    CAPTURE(parameter.name);
    CHECK(parameter.value.mean().item<double>() == Approx(weights[0] + 2 * weights[1]));
  }
}

TEST_CASE("DePT's second head is judged by the candidates, whatever the host needs", "[dept]") {
  const auto make = [] { return Dept<WithTerm>(WithTerm(ToyModel::make(), toy_classes(6))); };
  auto dept = make();
  mao_test::back_propagated(dept, false, mao_test::toy_labels);
  const Tensor gradient = dept.parameters().back().value.grad();  // of the head's bias
  CHECK(gradient.abs().gt(0).sum().item<std::int64_t>() == 3);    // the three classes of the batch
}

TEST_CASE("DePT adds its second head to the host's parameters, at its own rate", "[dept]") {
  auto dept = dept_of(6);
  const ParameterList all = dept.parameters();
  CHECK(mao_test::count(all) == 4 * 64 + 4 * 16 + 17 * 6);
  CHECK(all.front().name == "prompt_learner.ctx");
  CHECK(all.front().rate == 1);
  CHECK(all.back().name == "linear_probe_proj.bias");
  CHECK(all.back().rate == 6.5);
}

TEST_CASE("DePT's loss is the weighted sum of both heads and the host's terms", "[dept]") {
  Dept<WithTerm> dept(WithTerm(ToyModel::make(), toy_classes(6)), {.weight = 0.25});
  WithTerm host(ToyModel::make(), toy_classes(6));
  const ImageBatch images = mao_test::toy_batch();
  Batch batch = mao_test::toy_labels;
  batch.weights = {1, 0.5F, 1, 1, 2, 1};
  const Candidates all = Candidates::all(6);
  Output output = dept.forward(images, all);
  const Losses losses = losses_of(dept, CrossEntropy{}, output, output, batch);

  DeptHead head(16, 6, Rng(1));
  const Tensor text = host.raw_text(all).index_select(0, at::tensor(batch.labels));
  const Tensor cat = head.loss(text, host.raw_image(images), all.ids, batch.labels, batch.weights);
  const Output of_host = host.forward(images, all);
  CHECK(value_of(losses.task) == Approx(value_of(CrossEntropy{}(of_host, batch))).epsilon(1e-5));
  const double expected =
      0.75 * value_of(losses.task) + 0.25 * value_of(cat) + value_of(host.auxiliary_loss(of_host, batch));
  CHECK(value_of(losses.total) == Approx(expected).epsilon(1e-5));
}

TEST_CASE("DePT scores base classes with both heads and others with the host's", "[dept]") {
  const at::NoGradGuard frozen;
  auto dept = dept_of(6);
  const ImageBatch images = mao_test::toy_batch();
  const Tensor matching = dept.forward(images, Candidates::all(6)).logits;
  const Tensor second =
      DeptHead(16, 6, Rng(1)).image_logits(dept.host().model().encode_image(images.pixels), {0, 1, 2, 3, 4, 5});
  CHECK(largest_difference(Scorer(dept)(images), matching.mul(0.3).add(second.mul(0.7))) < 1e-5);

  ClassList reversed = toy_classes(6);
  std::reverse(reversed.names.begin(), reversed.names.end());
  dept.bind(reversed);
  CHECK_FALSE(dept.base_mode());
  CHECK(largest_difference(Scorer(dept)(images), matching.flip(1)) < 1e-5);
}

TEST_CASE("DePT trains the host alone when it is bound to new classes", "[dept]") {
  auto dept = dept_of(6);
  dept.bind(ClassList{{"new one", "new two", "a third"}});
  const Losses losses = mao_test::back_propagated(dept, false, mao_test::toy_labels);
  CHECK_FALSE(losses.auxiliary.defined());
  CHECK(value_of(losses.total) == value_of(losses.task));
  for (const Parameter& parameter : dept.parameters()) {
    CAPTURE(parameter.name);
    CHECK(parameter.value.grad().defined() == (parameter.name == "prompt_learner.ctx"));
  }
}

TEST_CASE("DePT keeps the head's rows of some of the base classes when it is told to", "[dept]") {
  const at::NoGradGuard frozen;
  auto dept = dept_of(6, {.subsets = true});
  const ImageBatch images = mao_test::toy_batch();
  const Tensor all = Scorer(dept)(images);
  const ClassList some{{toy_classes(6).names[4], toy_classes(6).names[1]}};
  dept.bind(some);
  CHECK(dept.base_mode());
  CHECK(largest_difference(Scorer(dept)(images), all.index_select(1, at::tensor(std::vector<std::int64_t>{4, 1}))) <
        1e-5);
  dept.bind(ClassList{{some.names[0], "a stranger"}});
  CHECK_FALSE(dept.base_mode());
}

TEST_CASE("DePT refuses settings out of range and an output that is not its last", "[dept]") {
  CHECK_THROWS_WITH(dept_of(3, {.weight = 1.5}), ContainsSubstring("weight = 1.5, expected 0 to 1"));
  CHECK_THROWS_WITH(dept_of(3, {.rate = 0}), ContainsSubstring("rate = 0"));
  auto dept = dept_of(3);
  const Output first = dept.forward(mao_test::toy_batch(), Candidates::all(3));
  dept.forward(mao_test::toy_batch(), Candidates::all(3));
  CHECK_THROWS_WITH(dept.auxiliary_loss(first, mao_test::toy_labels),
                    ContainsSubstring("right after the forward pass"));
}
