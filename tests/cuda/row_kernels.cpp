// SPDX-License-Identifier: Apache-2.0
#include <mao/core/error.hpp>
#include <mao/kernels/cuda/launch.hpp>
#include <mao/kernels/cuda/row_kernels.cuh>
#include <mao/kernels/cuda/row_kernels.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/sigmoid.h>

#include <mao/core/detail/ops.hpp>

#include "compare.hpp"
#include "thread_lanes.hpp"

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;
using mao_test::distance;

TEST_CASE("layer norm and its gradient are LibTorch's") {
  for (const std::int64_t width : {1, 64, 128, 192, 512, 769}) {
    for (const auto& [in, out] : {std::pair{at::kFloat, at::kFloat}, std::pair{at::kFloat, at::kBFloat16},
                                  std::pair{at::kBFloat16, at::kBFloat16}}) {
      CAPTURE(width, c10::toString(in), c10::toString(out));
      const Tensor x = mao_test::random({3, 2, width}, 1, in), weight = mao_test::random({width}, 2);
      const Tensor bias = mao_test::random({width}, 3), around = mao_test::random({3, 2, width}, 5, in);
      const Tensor given = mao_test::random({3, 2, width}, 4, out), leaf = mao_test::exact(x);
      const Tensor expected = at::layer_norm(leaf, {width}, weight.to(at::kDouble), bias.to(at::kDouble));
      (expected * given.to(at::kDouble)).sum().backward();
      const NormedRows actual = layer_norm_forward(x, weight, bias, out);
      CHECK(distance(actual.y, expected) < mao_test::tolerance(out));
      const Tensor gradient = layer_norm_backward(given, x, weight, actual, around);
      CHECK(distance(gradient, leaf.grad() + around) < mao_test::tolerance(in));
      if (width > 1) {
        CHECK(distance(layer_norm_backward(given, x, weight, actual), leaf.grad()) < mao_test::tolerance(in));
      }
    }
  }
}

TEST_CASE("quick gelu and its gradient are those of the formula") {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t count : {1, 255, 256, 1027}) {
      const Tensor x = mao_test::random({count}, 1, dtype) * 5, given = mao_test::random({count}, 2, dtype);
      const Tensor leaf = mao_test::exact(x), expected = leaf * at::sigmoid(leaf * 1.702);
      (expected * given.to(at::kDouble)).sum().backward();
      CHECK(distance(quick_gelu_forward(x), expected) < mao_test::tolerance(dtype));
      CHECK(distance(quick_gelu_backward(given, x), leaf.grad()) < mao_test::tolerance(dtype));
    }
  }
  CHECK(quick_gelu_forward(at::empty({0, 4})).numel() == 0);
}

TEST_CASE("the 32 lanes of a warp do the rows that one lane does") {
  const Tensor x = mao_test::random({3, 70}, 1), weight = mao_test::random({70}, 2), bias = mao_test::random({70}, 3);
  const NormedRows one = layer_norm_forward(x, weight, bias, at::kFloat);
  const NormedRows warp{at::empty_like(one.y), at::empty_like(one.mean), at::empty_like(one.rstd)};
  LayerNormForward<float, float> forward{pointer<float>(x),
                                         pointer<float>(weight),
                                         pointer<float>(bias),
                                         pointer<float>(warp.y),
                                         pointer<float>(warp.mean),
                                         pointer<float>(warp.rstd),
                                         3,
                                         70};
  mao_test::run_with_threads(forward);
  CHECK(distance(warp.y, one.y) < 1e-6);
  const Tensor given = mao_test::random({3, 70}, 4), gradient = at::empty_like(x);
  mao_test::run_with_threads(LayerNormBackward<float, float>{
      pointer<float>(given), pointer<float>(x), pointer<float>(weight), pointer<float>(one.mean),
      pointer<float>(one.rstd), nullptr, pointer<float>(gradient), 3, 70});
  CHECK(distance(gradient, layer_norm_backward(given, x, weight, one)) < 1e-6);
  const Tensor many = mao_test::random({300}, 6), y = at::empty_like(many);
  mao_test::run_with_threads(QuickGeluForward<float>{pointer<float>(many), pointer<float>(y), 300});
  CHECK(y.equal(quick_gelu_forward(many)));
}

TEST_CASE("row kernels say what they cannot do") {
  const Tensor x = mao_test::random({4, 6}, 1), weight = mao_test::random({6}, 2);
  CHECK_THROWS_WITH(layer_norm_forward(x.t(), weight, weight, at::kFloat), ContainsSubstring("not contiguous"));
  CHECK_THROWS_WITH(layer_norm_forward(x, weight.narrow(0, 0, 5), weight, at::kFloat), ContainsSubstring("weight"));
  CHECK_THROWS_WITH(layer_norm_forward(x.to(at::kBFloat16), weight, weight, at::kFloat),
                    ContainsSubstring("no kernel from BFloat16 to Float"));
  CHECK_THROWS_WITH(quick_gelu_forward(x.to(at::kDouble)), ContainsSubstring("dtype Double"));
  CHECK_THROWS_AS(quick_gelu_backward(x.to(at::kBFloat16), x), ShapeError);
}
