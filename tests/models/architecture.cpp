// SPDX-License-Identifier: Apache-2.0
#include <mao/models/architecture.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::random_clip_weights;

TEST_CASE("the sizes of a model are read off its tensors", "[architecture]") {
  const ClipArchitecture small = mao::testing::toy_sizes();
  const ClipArchitecture large{.embed = 24,
                               .resolution = 18,
                               .patch = 6,
                               .vision_width = 128,
                               .vision_layers = 11,
                               .vision_mlp = 200,
                               .context = 12,
                               .vocabulary = 70,
                               .text_width = 64,
                               .text_layers = 3,
                               .text_mlp = 256};
  for (const ClipArchitecture& sizes : {small, large}) {
    TensorMap weights = random_clip_weights(sizes, 1);
    CHECK(infer_architecture(weights, "toy.pt") == sizes);
    weights["input_resolution"] = at::scalar_tensor(7, at::kLong);  // what is no part of the towers does not matter
    CHECK(infer_architecture(weights, "toy.pt") == sizes);
  }
}

TEST_CASE("whichever tensor is missing, the error names it and the file", "[architecture]") {
  const TensorMap whole = random_clip_weights(mao::testing::toy_sizes(), 1);
  for (const auto& [name, value] : whole) {
    TensorMap weights = whole;
    weights.erase(name);
    CHECK_THROWS_AS(infer_architecture(weights, "toy.pt"), FormatError);
    CHECK_THROWS_WITH(infer_architecture(weights, "toy.pt"), ContainsSubstring(name) && ContainsSubstring("toy.pt"));
  }
}

TEST_CASE("tensors that do not fit each other are named", "[architecture]") {
  const TensorMap whole = random_clip_weights(mao::testing::toy_sizes(), 1);
  const auto with = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    TensorMap weights = whole;
    weights[name] = at::zeros(shape);
    return weights;
  };
  CHECK_THROWS_WITH(infer_architecture(with("visual.positional_embedding", {7, 64}), "toy.pt"),
                    ContainsSubstring("visual.positional_embedding has 7 rows, expected a square number"));
  CHECK_THROWS_WITH(infer_architecture(with("visual.proj", {64, 9}), "toy.pt"), ContainsSubstring("visual.proj"));
  CHECK_THROWS_WITH(infer_architecture(with("visual.conv1.weight", {64, 48}), "toy.pt"),
                    ContainsSubstring("visual.conv1.weight has shape [64, 48], expected 4 dimensions"));
  CHECK_THROWS_WITH(infer_architecture(with("transformer.resblocks.1.mlp.c_fc.weight", {64, 64}), "toy.pt"),
                    ContainsSubstring("transformer.resblocks.1.mlp.c_fc.weight has shape [64, 64]"));
}

TEST_CASE("models that are no pair of CLIP's transformers are called by their name", "[architecture]") {
  const auto refused = [](const char* name, const char* model) {
    TensorMap weights = random_clip_weights(mao::testing::toy_sizes(), 1);
    weights[name] = at::zeros({1});
    CHECK_THROWS_WITH(infer_architecture(weights, "other.pt"),
                      ContainsSubstring("other.pt: has ") && ContainsSubstring(model) && ContainsSubstring(name) &&
                          ContainsSubstring("supported are CLIP's own towers"));
  };
  refused("visual.trunk.patch_embed.proj.weight", "an image tower of timm");
  refused("visual.attn_pool.query", "attention pooling (CoCa)");
  refused("transformer.embeddings.word_embeddings.weight", "a text tower of transformers");
  refused("vision_model.head.probe", "SigLIP");
}

TEST_CASE("bystanders carry nothing that a feature depends on", "[architecture]") {
  for (const char* name : {"attn_mask", "text.attn_mask", "text_model.embeddings.position_ids", "logit_bias",
                           "input_resolution", "context_length", "vocab_size"}) {
    CHECK(mao::detail::is_bystander(name));
  }
  for (const char* name : {"logit_scale", "visual.proj", "my_attn_mask", "visual.attn_mask.weight"}) {
    CHECK_FALSE(mao::detail::is_bystander(name));
  }
}

TEST_CASE("the logit scale is one number, alone or in a list", "[architecture]") {
  TensorMap weights = random_clip_weights(mao::testing::toy_sizes(), 1);
  weights["logit_scale"] = at::zeros({1});
  CHECK(infer_architecture(weights, "toy.pt") == mao::testing::toy_sizes());
  weights["logit_scale"] = at::full({}, 100.0);
  CHECK_THROWS_WITH(infer_architecture(weights, "toy.pt"),
                    ContainsSubstring("logit_scale is 100, which stands for exp(logit_scale)"));
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{1, 2}, {2}, {1, 1}}) {
    weights["logit_scale"] = at::zeros(shape);
    CHECK_THROWS_WITH(infer_architecture(weights, "toy.pt"),
                      ContainsSubstring("logit_scale has shape " + shape_text(shape) + ", expected [] or [1]"));
  }
}

TEST_CASE("a weight that is made from others is refused with what would take that off", "[architecture]") {
  const std::string name = "visual.transformer.resblocks.0.mlp.c_fc.weight";
  for (const std::string part :
       {"visual.transformer.resblocks.0.mlp.c_fc.weight_orig", "visual.transformer.resblocks.0.mlp.c_fc.weight_g",
        "visual.transformer.resblocks.0.mlp.c_fc.parametrizations.weight.original0"}) {
    TensorMap weights = random_clip_weights(mao::testing::toy_sizes(), 1);
    weights[part] = weights.extract(name).mapped();
    CHECK_THROWS_WITH(infer_architecture(weights, "toy.pt"),
                      ContainsSubstring(name + " is made from " + part) && ContainsSubstring("remove_weight_norm"));
  }
}
