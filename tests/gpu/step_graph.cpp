// SPDX-License-Identifier: Apache-2.0
// Text passes recorded as CUDA graphs and replayed, against the same passes on the CPU. Built with the toolkit's
// headers; it runs where LibTorch has its CUDA part and there is a device.
#include <mao/core/detail/ops.hpp>
#include <mao/models/cuda_step_graph.hpp>

#include <mao/core/device.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/models/on_device.hpp>
#include <mao/models/text_tower.hpp>

#include "../cuda/compare.hpp"

#include <support/catch.hpp>

using namespace mao;
using mao_test::distance;
using mao_test::random;

namespace {

/// Features, and gradients of prefix and suffix.
std::vector<Tensor> differentiate(const TextTower& tower, const c10::Device& device, std::uint64_t seed) {
  TextBatch batch;
  batch.offsets = {0};
  for (std::uint64_t row = 0; row < 3 + seed % 4; ++row) {
    batch.offsets.push_back(batch.offsets.back() + static_cast<std::int64_t>(1 + (row + seed) % 5));
    batch.group.push_back(0);
  }
  batch.prefix = parameter(random({1, 5, tower.width()}, seed).to(device));
  batch.suffix = parameter(random({batch.offsets.back(), tower.width()}, seed + 50).to(device));
  const Tensor features = tower.encode(batch);
  features.mul(random(features.sizes(), seed + 90).to(device)).sum().backward();
  std::vector<Tensor> all{features.detach(), batch.prefix.grad(), batch.suffix.grad()};
  for (Tensor& each : all) each = each.cpu();
  return all;
}

}  // namespace

TEST_CASE("recorded text passes on a GPU give the CPU's features and gradients") {
  const auto found = cuda::DevicesFound::here();
  MAO_SKIP_UNLESS(found.has_cuda && found.count > 0, "no CUDA device that LibTorch can use");
  const auto sizes = testing::toy_sizes();
  const TensorMap weights = testing::random_clip_weights(sizes, 1);
  const c10::Device gpu(at::kCUDA, 0);
  const TextTower here(weights, sizes.text_layers), there(cuda::moved(weights, gpu), sizes.text_layers);
  cuda::record_text_passes();
  for (std::uint64_t step = 1; step <= 8; ++step) {
    CAPTURE(step);
    const auto expected = differentiate(here, at::kCPU, step), actual = differentiate(there, gpu, step);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      CAPTURE(i);
      CHECK(distance(actual[i], expected[i]) < 1e-4);
    }
  }
  CHECK(cuda::detail::recorded_text_passes().size() == 1);
}
