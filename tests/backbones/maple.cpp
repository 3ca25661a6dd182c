// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/maple.hpp>
#include <mao/backbones/ivlp.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>
#include <support/shape_model.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyMaple = Maple<ToyModel>;

const MapleOptions maple_shape{.context = 2, .depth = 3};

/// n Wt, f, and (J - 1) times a prompt and a layer: section 3.1's count.
std::int64_t numbers(std::int64_t n, std::int64_t depth, std::int64_t text, std::int64_t vision) {
  return depth * (n * text + (text + 1) * vision);
}

Tensor maple_value(ParameterList parameters, const std::string& name) {
  for (const Parameter& parameter : parameters) {
    if (parameter.name == name) return parameter.value;
  }
  throw std::out_of_range(name);
}

}  // namespace

static_assert(RawFeatures<ToyMaple> && !FrozenImageTower<ToyMaple> && !NeedsAllClasses<ToyMaple>);

TEST_CASE("MaPLe keeps the promises of a backbone", "[maple]") {
  mao_test::check_backbone([] { return ToyMaple(ToyModel::make(), toy_classes(6), maple_shape); });
}

TEST_CASE("MaPLe of depth 1 has prompts at the input alone", "[maple]") {
  mao_test::check_backbone([] { return ToyMaple(ToyModel::make(), toy_classes(6), {.context = 2, .depth = 1}); });
}

TEST_CASE("MaPLe trains as many numbers as the paper says, under the reference's names", "[maple]") {
  const auto big = std::make_shared<const mao_test::ShapeModel>();
  CHECK(mao_test::count(Maple<mao_test::ShapeModel>(big, toy_classes(2)).parameters()) == 3555072);
  CHECK(mao_test::count(Maple<mao_test::ShapeModel>(big, toy_classes(2), {.depth = 3}).parameters()) == 1185024);
  for (const std::int64_t depth : {1, 2, 3}) {
    ToyMaple maple(ToyModel::make(), toy_classes(3), {.context = 2, .depth = depth});
    CHECK(mao_test::count(maple.parameters()) == numbers(2, depth, 64, 128));
  }
  ToyMaple maple(ToyModel::make(), toy_classes(3), maple_shape);
  std::vector<std::string> names;
  for (const Parameter& parameter : maple.parameters()) names.push_back(parameter.name);
  CHECK(names == std::vector<std::string>{"prompt_learner.ctx", "prompt_learner.proj.weight",
                                          "prompt_learner.proj.bias", "prompt_learner.compound_prompts_text.0",
                                          "prompt_learner.compound_prompts_text.1",
                                          "prompt_learner.compound_prompt_projections.0.weight",
                                          "prompt_learner.compound_prompt_projections.0.bias",
                                          "prompt_learner.compound_prompt_projections.1.weight",
                                          "prompt_learner.compound_prompt_projections.1.bias"});
}

TEST_CASE("MaPLe starts from the first words and from equal projections with tensors of their own", "[maple]") {
  const auto model = ToyModel::make();
  ToyMaple maple(model, toy_classes(3), maple_shape);
  const Tensor context = maple_value(maple.parameters(), "prompt_learner.ctx");
  CHECK(context.equal(phrase_embedding(*model, ContextPhrase::words("a photo"))));
  const std::string prefix = "prompt_learner.compound_prompt_projections.";
  const Tensor first = maple_value(maple.parameters(), prefix + "0.weight"),
               second = maple_value(maple.parameters(), prefix + "1.weight");
  CHECK(first.equal(second));
  CHECK(first.data_ptr() != second.data_ptr());
  CHECK_FALSE(first.equal(maple_value(maple.parameters(), "prompt_learner.proj.weight")));
}

TEST_CASE("MaPLe is IVLP with vision prompts that are projections", "[maple]") {
  const auto model = ToyModel::make();
  ToyMaple maple(model, toy_classes(4), maple_shape);
  Ivlp<ToyModel> ivlp(model, toy_classes(4),
                      {.text_context = 2, .text_depth = 3, .vision_context = 2, .vision_depth = 3});
  const at::NoGradGuard frozen;
  const auto given = [&](const std::string& name) { return maple_value(maple.parameters(), "prompt_learner." + name); };
  const auto projected = [&](const std::string& prompt, const std::string& layer) {
    return at::linear(given(prompt), given(layer + ".weight"), given(layer + ".bias"));
  };
  const auto set = [&](const std::string& name, const Tensor& value) {
    maple_value(ivlp.parameters(), name).copy_(value);
  };
  set("prompt_learner.ctx", given("ctx"));
  set("image_encoder.VPT", projected("ctx", "proj"));
  for (const std::string i : {"0", "1"}) {
    const std::string block = std::to_string(std::stoi(i) + 1);
    set("text_encoder.transformer.resblocks." + block + ".VPT_shallow", given("compound_prompts_text." + i));
    set("image_encoder.transformer.resblocks." + block + ".VPT_shallow",
        projected("compound_prompts_text." + i, "compound_prompt_projections." + i));
  }
  const Tensor logits = maple.forward(mao_test::toy_batch(), Candidates::all(4)).logits;
  CHECK(logits.equal(ivlp.forward(mao_test::toy_batch(), Candidates::all(4)).logits));
}

TEST_CASE("images alone teach MaPLe's text prompts: the towers are coupled", "[maple]") {
  ToyMaple maple(ToyModel::make(), toy_classes(3), maple_shape);
  maple.encode_image(mao_test::toy_batch()).sum().backward();
  for (const Parameter& parameter : maple.parameters()) {
    CAPTURE(parameter.name);
    CHECK(parameter.value.grad().defined());
  }
}

TEST_CASE("MaPLe refuses a depth that neither tower has", "[maple]") {
  const auto with_depth = [](std::int64_t depth) {
    return ToyMaple(ToyModel::make(), toy_classes(3), {.depth = depth});
  };
  CHECK_THROWS_WITH(with_depth(4), ContainsSubstring("Maple: depth = 4, the tower has 3 blocks"));
  CHECK_THROWS_WITH(with_depth(0), ContainsSubstring("Maple: depth = 0; at least 1"));
}

TEST_CASE("MaPLe prompts towers of different depths and widths", "[maple]") {
  ClipArchitecture sizes = mao::testing::toy_sizes();
  sizes.vision_layers = 2;
  sizes.text_layers = 4;
  sizes.vision_width = 192;
  const auto model = std::make_shared<const ToyModel>(3, sizes);
  const auto make = [&] { return ToyMaple(model, toy_classes(6), {.context = 3, .depth = 2}); };
  mao_test::check_backbone(make);
  SECTION("vision prompts have the vision width, text prompts the text width") {
    CHECK(shape_text(maple_value(make().parameters(), "prompt_learner.proj.weight").sizes()) == "[192, 64]");
    CHECK(shape_text(maple_value(make().parameters(), "prompt_learner.compound_prompts_text.0").sizes()) == "[3, 64]");
  }
  SECTION("the shallower tower has as many prompts as blocks, the deeper one goes on learning its own") {
    ToyMaple maple(model, toy_classes(6), {.context = 3, .depth = 4});
    maple.forward(mao_test::toy_batch(), Candidates::all(6)).logits.sum().backward();
    const auto learns = [&](const std::string& name) {
      return maple_value(maple.parameters(), "prompt_learner." + name).grad().defined();
    };
    for (const char* layer : {"0", "1", "2"}) CHECK(learns(std::string("compound_prompts_text.") + layer));
    CHECK(learns("compound_prompt_projections.0.weight"));
    CHECK_FALSE(learns("compound_prompt_projections.1.weight"));
  }
  SECTION("no deeper than the deeper tower") {
    CHECK_THROWS_WITH(ToyMaple(model, toy_classes(3), {.depth = 5}), ContainsSubstring("the tower has 4 blocks"));
  }
}
