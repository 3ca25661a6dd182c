// SPDX-License-Identifier: Apache-2.0
#include <mao/core/device.hpp>

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;

TEST_CASE("a device is named cpu, cuda or cuda:N") {
  const DevicesFound two{true, 2};
  CHECK(device_named("cpu").is_cpu());
  CHECK(device_named("cuda", two) == c10::Device(at::kCUDA, 0));
  CHECK(device_named("cuda:1", two) == c10::Device(at::kCUDA, 1));
  for (const char* wrong : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "CUDA", "cuda1", "cuda:1000000"}) {
    CAPTURE(wrong);
    CHECK_THROWS_WITH(device_named(wrong, two), ContainsSubstring("expected cpu, cuda or cuda:N"));
  }
}

TEST_CASE("a device that cannot be had is refused with what would work") {
  CHECK_THROWS_WITH(device_named("cuda", {false, 0}), ContainsSubstring("scripts/setup --cuda"));
  CHECK_THROWS_WITH(device_named("cuda", {true, 0}), ContainsSubstring("nvidia-smi"));
  CHECK_THROWS_WITH(device_named("cuda:1", {true, 1}), ContainsSubstring("there is 1 CUDA device, cuda:0"));
  CHECK_THROWS_WITH(device_named("cuda:3", {true, 2}), ContainsSubstring("there are 2 CUDA devices, cuda:0 to cuda:1"));
  // Whatever this machine has, asking is safe.
  CHECK(DevicesFound::here().count >= 0);
}
