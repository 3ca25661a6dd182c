// SPDX-License-Identifier: Apache-2.0
// The layouts of other libraries are made here from OpenAI's by the opposite renaming.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/names.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/architecture.hpp>

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/layouts.hpp>

using namespace mao;
using mao_test::as_hugging_face;
using mao_test::as_open_clip_custom;

namespace {

TensorMap openai_weights() { return mao::testing::random_clip_weights(mao::testing::toy_sizes(), 5); }

void check_equal(const TensorMap& actual, const TensorMap& expected) {
  CHECK(actual.size() == expected.size());
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    REQUIRE(actual.contains(name));
    CHECK(actual.at(name).equal(value));
  }
}

}  // namespace

TEST_CASE("every layout comes out as OpenAI's, tensor for tensor", "[names]") {
  const TensorMap weights = openai_weights();
  const TensorMap hugging_face = as_hugging_face(weights), open_clip = as_open_clip_custom(weights);
  CHECK(layout_of(weights) == ClipLayout::OpenAi);
  CHECK(layout_of(hugging_face) == ClipLayout::HuggingFace);
  CHECK(layout_of(open_clip) == ClipLayout::OpenClipCustom);
  check_equal(with_openai_names(weights), weights);
  check_equal(with_openai_names(hugging_face), weights);
  check_equal(with_openai_names(open_clip), weights);
}

TEST_CASE("a Hugging Face checkpoint without one of its tensors is refused, whichever it is", "[names]") {
  const TensorMap whole = as_hugging_face(openai_weights());
  const auto convert = [](const TensorMap& weights) {
    return infer_architecture(with_openai_names(weights), "clip/model.safetensors");
  };
  CHECK(convert(whole) == mao::testing::toy_sizes());
  for (const auto& [name, value] : whole) {
    CAPTURE(name);
    TensorMap weights = whole;
    weights.erase(name);
    CHECK_THROWS_AS(convert(weights), FormatError);
    CHECK_THROWS_WITH(convert(weights), ContainsSubstring("clip/model.safetensors"));
  }
}

TEST_CASE("what has no place in a CLIP keeps its name and is refused by it", "[names]") {
  TensorMap weights = as_hugging_face(openai_weights());
  weights["text_model.embeddings.position_ids"] = at::zeros({1, 24}, at::kLong);
  CHECK(infer_architecture(with_openai_names(weights), "a") == mao::testing::toy_sizes());
  weights["vision_model.encoder.layers.1.layer_scale1.lambda1"] = at::zeros({128});
  CHECK_THROWS_WITH(
      infer_architecture(with_openai_names(weights), "a"),
      ContainsSubstring("the tensor vision_model.encoder.layers.1.layer_scale1.lambda1 [128] is not part"));
}

TEST_CASE("a projection with a bias is a linear layer, whose weight is transposed", "[names]") {
  TensorMap weights = openai_weights();
  const Tensor projection = weights.extract("text_projection").mapped();
  weights["text_projection.weight"] = projection.t();
  weights["text_projection.bias"] = at::ones({16});
  const TensorMap found = with_openai_names(weights);
  CHECK(found.at("text_projection").equal(projection));
  CHECK(found.contains("text_projection.bias"));
}

TEST_CASE("layouts have names for the log", "[names]") {
  CHECK(name_of(ClipLayout::HuggingFace) == "Hugging Face transformers");
  CHECK(name_of(ClipLayout::OpenAi) != name_of(ClipLayout::OpenClipCustom));
}

TEST_CASE("a tensor that is there under the names of two libraries is refused, whichever it is", "[names]") {
  const TensorMap weights = openai_weights();
  for (const auto& [name, value] : weights) {
    TensorMap custom = as_open_clip_custom(weights), hugging_face = as_hugging_face(weights);
    CAPTURE(name);
    if (custom.emplace(name, value).second) {
      CHECK_THROWS_AS(with_openai_names(custom), FormatError);
      CHECK_THROWS_WITH(with_openai_names(custom),
                        ContainsSubstring(name + " twice, under the names of two libraries"));
    }
    if (hugging_face.emplace(name, value).second) CHECK_THROWS_AS(with_openai_names(hugging_face), FormatError);
  }
}
