// SPDX-License-Identifier: Apache-2.0
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/fused_pass.hpp>

#include <ATen/ops/ones.h>

#include <support/catch.hpp>

using namespace mao;

TEST_CASE("what is kept of a token is half in bf16, but for the residual stream", "[fused_pass]") {
  CHECK(mao::detail::kept_bytes_per_token(512, 2048, 12, Precision::Fp32) == 512 * 12 * (8 + 28));
  CHECK(mao::detail::kept_bytes_per_token(512, 2048, 12, Precision::Bf16) == 512 * 12 * (8 + 14));
  CHECK(mao::detail::kept_bytes_per_token(512, 1024, 12, Precision::Fp32) == 512 * 12 * (8 + 20));
}

#if MAO_HAS_AVX512_KERNELS

namespace {

struct Squares {
  Tensor kept;
  std::vector<Tensor> backward(const Tensor& gradient) const { return {gradient * kept * 2}; }
};

}  // namespace

TEST_CASE("a pass keeps its values or computes them again", "[fused_pass]") {
  for (const bool again : {false, true}) {
    const Tensor x = (at::ones({3}) * 5).requires_grad_(true), plain = x.detach();
    int runs = 0;
    const auto run = [&](Squares& pass, bool keep) {
      ++runs;
      if (keep) pass.kept = plain;
      return plain * plain;
    };
    const Tensor y = mao::detail::run_pass(
        {x}, again, [] { return std::make_shared<Squares>(); }, run);
    y.sum().backward();
    CHECK(y.detach().equal(plain * 5));
    CHECK(x.grad().equal(plain * 2));
    CHECK(runs == (again ? 2 : 1));
  }
}

#endif
