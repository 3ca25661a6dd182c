// SPDX-License-Identifier: Apache-2.0
// The fastest matrix products on this machine, LibTorch's and that of packed weights: what the achieved rates are
// measured against.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>

#include <mao/kernels/cpu/frozen_linear.hpp>
#include <mao/core/detail/ops.hpp>

#include "bench.hpp"

namespace bench {
namespace {

/// 256 x 768 x 3072: the first MLP layer of the image tower on about an image.
class GemmCase : public Case {
 public:
  GemmCase(mao::Precision precision, bool packed)
      : packed_(packed),
        x_(at::randn({256, 768}).to(mao::FrozenLinear::type_of(precision))),
        weight_(at::randn({3072, 768})),
        layer_(weight_, at::zeros({3072}), precision) {
    weight_ = weight_.to(x_.scalar_type());
  }

  void run(int repeat) override {
    const at::NoGradGuard frozen;
    for (int i = 0; i < repeat; ++i) y_ = packed_ ? layer_.forward(x_) : at::linear(x_, weight_);
  }
  [[nodiscard]] mao::TensorMap values() const override { return {}; }

 private:
  bool packed_;
  mao::Tensor x_, weight_, y_;
  mao::FrozenLinear layer_;
};

}  // namespace

CasePointer gemm_case(Inputs&, const Request& request) {
  return std::make_unique<GemmCase>(request.precision, request.name == "gemm_packed");
}

}  // namespace bench
