// SPDX-License-Identifier: Apache-2.0
#include <mao/models/detail/timm_tensors.hpp>

#include <ATen/ops/ones.h>

#include <mao/core/detail/ops.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/detail/configured.hpp>
#include <mao/models/detail/names.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// A block of timm without biases of queries, keys and values, and positions of 4 patches.
TensorMap timm_trunk() {
  return {{"visual.trunk.blocks.0.attn.qkv.weight", at::ones({24, 8})},
          {"visual.trunk.pos_embed", at::ones({1, 4, 8})},
          {"visual.trunk.norm.weight", at::ones({8})},
          {"visual.trunk.patch_embed.backbone.0.conv.weight", at::ones({2, 3, 4, 4})},
          {"visual.trunk.patch_embed.backbone.1.bn.running_var", at::ones({2})},
          {"visual.trunk.patch_embed.backbone.1.bn.num_batches_tracked", at::ones({})},
          {"visual.trunk.patch_embed.backbone.2.conv.bias", at::ones({8})},
          {"visual.trunk.head.weight", at::ones({6, 8})},
          {"visual.trunk.head.bias", at::ones({6})}};
}

}  // namespace

TEST_CASE("timm's stem and classifier under mao's names", "[timm_tensors]") {
  const TensorMap renamed = with_openai_names(timm_trunk());
  CHECK(renamed.contains("visual.stem.0.conv.weight"));
  CHECK(renamed.contains("visual.stem.1.bn.running_var"));
  CHECK(renamed.contains("visual.stem.1.bn.num_batches_tracked"));
  CHECK(mao::detail::is_bystander("visual.stem.1.bn.num_batches_tracked"));
  CHECK(renamed.contains("visual.conv1.bias"));
  CHECK(renamed.at("visual.proj").sizes() == at::IntArrayRef({8, 6}));
  CHECK(renamed.at("visual.proj.bias").sizes() == at::IntArrayRef({6}));
  const TensorMap behind = with_openai_names({{"visual.trunk.norm.weight", at::ones({8})},
                                              {"visual.head.mlp.fc1.weight", at::ones({12, 8})},
                                              {"visual.head.mlp.fc1.bias", at::ones({12})},
                                              {"visual.head.mlp.fc2.weight", at::ones({6, 12})}});
  CHECK(behind.at("visual.proj").sizes() == at::IntArrayRef({12, 6}));
  CHECK(behind.at("visual.proj_fc.weight").sizes() == at::IntArrayRef({12, 8}));
  CHECK(behind.contains("visual.proj_fc.bias"));
}

TEST_CASE("what timm leaves out is zero, and only where the configuration says so", "[timm_tensors]") {
  const TensorMap original = timm_trunk();
  ClipConfiguration configuration{.where = "open_clip_config.json"};
  TensorMap tensors = with_openai_names(original);
  const TensorMap before = tensors;
  detail::complete_timm(tensors, configuration, original, "clip");
  CHECK(tensors.size() == before.size());
  configuration.qkv_bias = configuration.class_position = false;
  detail::complete_timm(tensors, configuration, original, "clip");
  const Tensor bias = tensors.at("visual.transformer.resblocks.0.attn.in_proj_bias");
  CHECK(bias.sizes() == at::IntArrayRef({24}));
  CHECK(bias.abs().max().item<double>() == 0);
  const Tensor positions = tensors.at("visual.positional_embedding");
  CHECK(positions.sizes() == at::IntArrayRef({5, 8}));
  CHECK(positions[0].abs().max().item<double>() == 0);
  CHECK(positions[1].equal(at::ones({8})));
  CHECK_THROWS_WITH(detail::complete_timm(tensors, configuration, original, "clip"),
                    ContainsSubstring("clip: has visual.transformer.resblocks.0.attn.in_proj_bias (attn.qkv.bias)"));
}

TEST_CASE("a last layer norm at another place than the pooling puts it is refused", "[timm_tensors]") {
  const TensorMap original = timm_trunk();
  TensorMap tensors = with_openai_names(original);
  ClipConfiguration configuration{.where = "open_clip_config.json"};
  configuration.fc_norm = true;
  CHECK_THROWS_WITH(detail::complete_timm(tensors, configuration, original, "clip"),
                    ContainsSubstring("has visual.trunk.norm.weight") && ContainsSubstring("is fc_norm"));
  configuration.fc_norm = false;
  CHECK_THROWS_WITH(
      detail::complete_timm(tensors, configuration, {{"visual.trunk.fc_norm.weight", at::ones({8})}}, "clip"),
      ContainsSubstring("has visual.trunk.fc_norm.weight") && ContainsSubstring("is norm;"));
}
