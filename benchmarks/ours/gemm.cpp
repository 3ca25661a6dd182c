// SPDX-License-Identifier: Apache-2.0
// The fastest matrix product that LibTorch offers on this machine: what the achieved rates are measured against.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>

#include "bench.hpp"

namespace bench {
namespace {

/// 1576 x 768 x 3072: the first MLP layer of the image tower on eight images.
class GemmCase : public Case {
 public:
  explicit GemmCase(mao::Precision precision) {
    const auto type = precision == mao::Precision::Bf16 ? at::kBFloat16 : at::kFloat;
    x_ = at::randn({1576, 768}).to(type);
    weight_ = at::randn({3072, 768}).to(type);
  }

  void run(int repeat) override {
    const at::NoGradGuard frozen;
    for (int i = 0; i < repeat; ++i) y_ = at::linear(x_, weight_);
  }
  [[nodiscard]] mao::TensorMap values() const override { return {}; }

 private:
  mao::Tensor x_, weight_, y_;
};

}  // namespace

CasePointer gemm_case(Inputs&, const Request& request) { return std::make_unique<GemmCase>(request.precision); }

}  // namespace bench
