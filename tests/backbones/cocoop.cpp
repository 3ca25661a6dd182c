// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/cocoop.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/tuner/detail/outputs.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyCoCoop = CoCoop<ToyModel>;

const Tensor& cocoop_value(const ParameterList& parameters, const std::string& name) {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter.value;
  }
  throw std::runtime_error("no parameter " + name);
}

ImageBatch one_image(std::int64_t i) {
  return {.pixels = mao_test::toy_batch().pixels.narrow(0, i, 1), .features = {}};
}

}  // namespace

static_assert(Backbone<ToyCoCoop> && FrozenImageTower<ToyCoCoop>);
static_assert(!ClassFeatures<ToyCoCoop> && !NeedsAllClasses<ToyCoCoop>);

TEST_CASE("CoCoOp keeps the promises of a backbone", "[cocoop]") {
  mao_test::check_backbone([] { return ToyCoCoop(ToyModel::make(), toy_classes(6), {.hidden = 8}); });
}

TEST_CASE("CoCoOp is CoOp with a context of its own for each image", "[cocoop]") {
  const auto model = ToyModel::make();
  ToyCoCoop cocoop(model, toy_classes(5), {.hidden = 8, .seed = 3});
  const ParameterList learned = cocoop.parameters();
  const Candidates some{{4, 0, 2}};
  const Output output = cocoop.forward(mao_test::toy_batch(), some);
  REQUIRE(output.text.sizes() == at::IntArrayRef({6, 3, 16}));
  REQUIRE(output.logits.sizes() == at::IntArrayRef({6, 3}));
  for (std::int64_t i = 0; i < 6; ++i) {
    Coop<ToyModel> coop(model, toy_classes(5));
    const Tensor f = output.image[i];
    const Tensor hidden = (at::matmul(cocoop_value(learned, "prompt_learner.meta_net.linear1.weight"), f) +
                           cocoop_value(learned, "prompt_learner.meta_net.linear1.bias"))
                              .clamp_min(0);
    const Tensor shift = at::matmul(cocoop_value(learned, "prompt_learner.meta_net.linear2.weight"), hidden) +
                         cocoop_value(learned, "prompt_learner.meta_net.linear2.bias");
    {
      const at::NoGradGuard no_graph;
      coop.parameters()[0].value.copy_(cocoop_value(learned, "prompt_learner.ctx") + shift);
    }
    const Output alone = coop.forward(one_image(i), some);
    CHECK(largest_difference(output.text[i], alone.text) < 1e-5);
    CHECK(largest_difference(output.logits[i], alone.logits[0]) < 1e-4);
  }
}

TEST_CASE("an image's logits do not depend on the rest of the batch", "[cocoop]") {
  ToyCoCoop cocoop(ToyModel::make(), toy_classes(6), {.hidden = 8});
  const auto all = Candidates::all(6);
  const Tensor together = cocoop.forward(mao_test::toy_batch(), all).logits;
  for (std::int64_t i = 0; i < 6; ++i) {
    CHECK(largest_difference(cocoop.forward(one_image(i), all).logits[0], together[i]) < 1e-4);
  }
}

TEST_CASE("an evaluation in pieces gives what the whole gives", "[cocoop]") {
  const auto model = ToyModel::make();
  const auto all = Candidates::all(6);
  ToyCoCoop whole(model, toy_classes(6), {.hidden = 8});
  const Tensor expected = whole.forward(mao_test::toy_batch(), all).logits.detach();
  const at::NoGradGuard evaluation;
  for (const std::int64_t rows : {1, 6, 7, 24, 25, 10'000}) {
    CAPTURE(rows);
    ToyCoCoop pieces(model, toy_classes(6), {.hidden = 8, .rows = rows});
    CHECK(largest_difference(pieces.forward(mao_test::toy_batch(), all).logits, expected) < 1e-4);
  }
}

TEST_CASE("columns of an output with text for each image are selected by class", "[cocoop]") {
  ToyCoCoop cocoop(ToyModel::make(), toy_classes(6), {.hidden = 8});
  const Candidates some{{5, 1}};
  const Output selected = select_candidates(cocoop.forward(mao_test::toy_batch(), Candidates::all(6)), some);
  const Output direct = cocoop.forward(mao_test::toy_batch(), some);
  CHECK(largest_difference(selected.text, direct.text) < 1e-5);
  CHECK(largest_difference(selected.logits, direct.logits) < 1e-4);
}

TEST_CASE("CoCoOp trains as many numbers as the paper's", "[cocoop]") {
  const auto count_for = [](std::int64_t n, std::int64_t width, std::int64_t embedding) {
    const std::int64_t hidden = embedding / 16;
    return n * width + (embedding + 1) * hidden + (hidden + 1) * width;
  };
  CHECK(count_for(4, 512, 512) == 35'360);  // ViT-B/16
  ToyCoCoop cocoop(ToyModel::make(), toy_classes(3));
  CHECK(mao_test::count(cocoop.parameters()) == count_for(4, 64, 16));
  CHECK(cocoop.parameters().back().name == "prompt_learner.meta_net.linear2.bias");
}

TEST_CASE("CoCoOp refuses settings out of range", "[cocoop]") {
  const auto model = ToyModel::make();
  CHECK_THROWS_WITH(ToyCoCoop(model, toy_classes(2), {.hidden = -4}), ContainsSubstring("CoCoop: hidden = -4"));
  CHECK_THROWS_WITH(ToyCoCoop(model, toy_classes(2), {.rows = 0}), ContainsSubstring("CoCoop: rows = 0"));
  CHECK_THROWS_AS(ToyCoCoop(model, toy_classes(2), {.init = "", .context = 0}), OptionError);
}
