// SPDX-License-Identifier: Apache-2.0
#include <mao/kernels/cuda/launch.hpp>
#include <mao/core/detail/ops.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;

namespace {

struct Doubled {
  const float* in;
  float* out;
  std::int64_t count;
  [[nodiscard]] std::int64_t items() const { return count; }
  template <class Lanes>
  void operator()(Lanes, std::int64_t item) const {
    out[item] = 2 * in[item];
  }
};

}  // namespace

TEST_CASE("bf16 is rounded as LibTorch rounds it") {
  std::vector<float> values{0.0F,
                            -0.0F,
                            1.0F,
                            1.00390625F,
                            1.01171875F,
                            3.4e38F,
                            -3.4e38F,
                            1e-40F,
                            std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()};
  for (std::uint32_t i = 0; i < 5000; ++i) values.push_back(std::bit_cast<float>(i * 859433U));
  const Tensor rounded = at::tensor(values).to(at::kBFloat16);
  for (std::size_t i = 0; i < values.size(); ++i) {
    Bf16 own{};
    store(own, values[i]);
    const float theirs = to_float(pointer<Bf16>(rounded)[i]);
    CHECK(((std::isnan(theirs) && std::isnan(to_float(own))) || to_float(own) == theirs));
  }
}

TEST_CASE("work runs where its tensors lie, or says why it cannot") {
  const Tensor in = at::tensor({1.0F, 2.0F, 3.0F}), out = at::empty({3});
  const Doubled work{pointer<float>(in), pointer<float>(out), 3};
  run(work, in.device());
  CHECK(out.equal(at::tensor({2.0F, 4.0F, 6.0F})));
  CHECK(can_run<Doubled>(at::kCPU));
  CHECK_FALSE(can_run<Doubled>(c10::Device(at::kCUDA, 0)));
  CHECK_THROWS_WITH(run(work, c10::Device(at::kCUDA, 0)), ContainsSubstring("mao_cuda_kernels(TARGET)"));
  CHECK_THROWS_WITH(run(work, c10::Device(at::kMeta)), ContainsSubstring("device meta"));
  CHECK(pointer<float>(Tensor()) == nullptr);
}
