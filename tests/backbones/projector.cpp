// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/projector.hpp>
#include <mao/prompts/context.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

using namespace mao;
using mao::testing::largest_difference;

namespace {

Tensor evaluated(Projector& projector, const Tensor& x) {
  const at::NoGradGuard frozen;
  return projector(x);
}

}  // namespace

TEST_CASE("PromptKD's projector has the published number of parameters", "[promptkd]") {
  const Projector projector("VPT_image_trans", 512, 768, Rng(1));
  CHECK(mao_test::count(projector.parameters()) == 986112);
  CHECK(projector.parameters()[0].name == "VPT_image_trans.conv1.0.weight");
  CHECK(projector.parameters()[5].name == "VPT_image_trans.conv1.3.bias");
}

TEST_CASE("The projector normalises by the batch in training and by running statistics otherwise", "[promptkd]") {
  Projector projector("p", 5, 3, Rng(2));
  const ParameterList all = projector.parameters();
  const Tensor x = normal_tensor({8, 5}, 1.0, Rng(3));
  const Tensor inside = x.matmul(all[0].value.view({3, 5}).t()).add(all[1].value).detach();
  const auto out = [&](const Tensor& mean, const Tensor& variance) {
    const Tensor normal = inside.sub(mean).div(variance.add(1e-5).sqrt());
    return normal.clamp_min(0).matmul(all[4].value.view({3, 3}).t()).add(all[5].value).detach();
  };
  CHECK(largest_difference(evaluated(projector, x), out(at::zeros({3}), at::ones({3}))) < 1e-5);
  CHECK(largest_difference(projector(x).detach(), out(inside.mean(0), inside.var(0, /*unbiased=*/false))) < 1e-5);

  const TensorMap statistics = projector.buffers();
  CHECK(largest_difference(statistics.at("p.conv1.1.running_mean"), inside.mean(0).mul(0.1)) < 1e-6);
  CHECK(largest_difference(statistics.at("p.conv1.1.running_var"), inside.var(0, true).mul(0.1).add(0.9)) < 1e-6);
  CHECK(statistics.at("p.conv1.1.num_batches_tracked").item<std::int64_t>() == 1);
  CHECK(largest_difference(evaluated(projector, x), out(statistics.at("p.conv1.1.running_mean"),
                                                        statistics.at("p.conv1.1.running_var"))) < 1e-5);
}

TEST_CASE("An evaluation leaves the projector's statistics alone, and they can be put back", "[promptkd]") {
  Projector projector("p", 5, 3, Rng(2));
  const Tensor x = normal_tensor({8, 5}, 1.0, Rng(3));
  projector(x);
  TensorMap saved;
  for (const auto& [name, value] : projector.buffers()) saved[name] = value.clone();
  const Tensor before = evaluated(projector, x);
  for (const auto& [name, value] : projector.buffers()) CHECK(value.equal(saved.at(name)));
  projector(x.mul(3));
  CHECK_FALSE(evaluated(projector, x).equal(before));
  projector.set_buffers(saved);
  CHECK(evaluated(projector, x).equal(before));
}

TEST_CASE("The projector refuses a training batch of one image and statistics that do not fit", "[promptkd]") {
  Projector projector("p", 5, 3, Rng(2));
  CHECK_THROWS_WITH(projector(normal_tensor({1, 5}, 1.0, Rng(3))), ContainsSubstring("a training batch of 1 image"));
  CHECK(evaluated(projector, normal_tensor({1, 5}, 1.0, Rng(3))).size(1) == 3);
  CHECK_THROWS_WITH(projector.set_buffers({}), ContainsSubstring("no p.conv1.1."));
  TensorMap other = Projector("p", 5, 4, Rng(2)).buffers();
  CHECK_THROWS_AS(projector.set_buffers(other), ShapeError);
}
