// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/pairwise_variance.hpp>
#include <mao/backbones/detail/compare.hpp>
#include <mao/prompts/context.hpp>
#include <mao/core/detail/ops.hpp>

#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;

namespace {

/// The paper's formula, with A [D, S, S].
Tensor by_covariances(const Tensor& image, const Tensor& text, const std::vector<std::int64_t>& labels) {
  const Tensor w = text - text.mean(0, true);
  const Tensor a = at::matmul(w.permute({2, 1, 0}), w.permute({2, 0, 1})) *
                   (1.0 / static_cast<double>(text.size(0) + 1));  // [D, S, S]
  const std::int64_t classes = text.size(1);
  Tensor sigma = at::matmul(image, text.select(0, 0).t());  // any [B, S]
  for (std::int64_t b = 0; b < image.size(0); ++b) {
    const Tensor v = at::matmul(image[b].square().unsqueeze(0), a.flatten(1)).view({classes, classes});
    const std::int64_t y = labels[static_cast<std::size_t>(b)];
    for (std::int64_t j = 0; j < classes; ++j) sigma[b][j].copy_(v[y][y] + v[j][j] - v[y][j] * 2.0);
  }
  return sigma;
}

}  // namespace

TEST_CASE("the variance is the paper's, without its covariance matrices", "[pairwise_variance]") {
  const std::vector<std::int64_t> labels{3, 0, 3, 4, 1};
  for (const std::int64_t prompts : {1, 2, 4}) {
    const Tensor text = unit_rows(normal_tensor({prompts, 5, 12}, 1, Rng(prompts))).to(at::kDouble);
    const Tensor image = unit_rows(normal_tensor({5, 12}, 1, Rng(9))).to(at::kDouble);
    const Tensor sigma = pairwise_variance(image, text, at::tensor(labels));
    CHECK(mao::testing::largest_difference(sigma, by_covariances(image, text, labels)) < 1e-12);
    CHECK(sigma.min().item<double>() > -1e-12);
    for (std::int64_t b = 0; b < 5; ++b) {
      CHECK(sigma[b][labels[static_cast<std::size_t>(b)]].item<double>() == Approx(0).margin(1e-12));
    }
    if (prompts == 1) CHECK(sigma.abs().max().item<double>() == Approx(0).margin(1e-12));
  }
}

TEST_CASE("the variance of two prompts by hand", "[pairwise_variance]") {
  // Two prompts, two classes, two dimensions. w of class 0 is +-(0.1, 0), of class 1 +-(0, 0.2).
  const Tensor text = at::tensor({1.1, 0.0, 0.0, 1.2, 0.9, 0.0, 0.0, 0.8}, at::kDouble).view({2, 2, 2});
  const Tensor image = at::tensor({0.6, 0.8}, at::kDouble).view({1, 2});
  const Tensor sigma = pairwise_variance(image, text, at::tensor(std::vector<std::int64_t>{0}));
  CHECK(sigma[0][0].item<double>() == Approx(0).margin(1e-15));
  CHECK(sigma[0][1].item<double>() == Approx(2 * (0.36 * 0.01 + 0.64 * 0.04) / 3));
}
