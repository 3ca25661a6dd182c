// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/dept_head.hpp>
#include <mao/prompts/context.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

using namespace mao;

TEST_CASE("DePT's head has the published numbers of parameters", "[dept]") {
  const auto numbers = [](std::int64_t classes) {
    return mao_test::count(DeptHead(512, classes, Rng(1)).parameters(6.5));
  };
  CHECK(numbers(50) == 27698);
  CHECK(numbers(500) == 258548);  // ImageNet
  CHECK(numbers(5) == 4613);      // EuroSAT
}

TEST_CASE("DePT's head starts as a linear classifier of the features", "[dept]") {
  const DeptHead head(8, 4, Rng(2));
  const ParameterList parameters = head.parameters(6.5);
  const Tensor features = normal_tensor({3, 8}, 1.0, Rng(3));
  const Tensor &weight = parameters[4].value, &bias = parameters[5].value;
  const Tensor expected = features.matmul(weight.t()).add(bias);
  CHECK(mao::testing::largest_difference(head.image_logits(features, {0, 1, 2, 3}), expected) < 1e-6);
  CHECK(mao::testing::largest_difference(head.image_logits(features, {2, 0}),
                                         expected.index_select(1, at::tensor(std::vector<std::int64_t>{2, 0}))) < 1e-6);
  for (const Parameter& parameter : parameters) CHECK(parameter.rate == 6.5);
}

TEST_CASE("DePT's head loss is the mean over texts and images", "[dept]") {
  const DeptHead head(8, 4, Rng(2));
  const at::NoGradGuard frozen;
  Tensor scale = head.parameters(1)[2].value;  // of the text
  scale.fill_(2);
  const Tensor text = normal_tensor({2, 8}, 1.0, Rng(3)), image = normal_tensor({2, 8}, 1.0, Rng(4));
  const auto each = [&](const Tensor& features, std::int64_t row, std::int64_t target) {
    return -head.image_logits(features.narrow(0, row, 1), {3, 1, 0}).log_softmax(1)[0][target].item<double>();
  };
  const double of_first = each(text.mul(2), 0, 2) + each(image, 0, 2),
               of_second = each(text.mul(2), 1, 0) + each(image, 1, 0);
  CHECK(head.loss(text, image, {3, 1, 0}, {2, 0}, {}).item<double>() ==
        Approx((of_first + of_second) / 4).epsilon(1e-5));
  CHECK(head.loss(text, image, {3, 1, 0}, {2, 0}, {1, 0}).item<double>() == Approx(of_first / 2).epsilon(1e-5));
  CHECK(head.loss(text, image, {3, 1, 0}, {2, 0}, {3, 1}).item<double>() ==
        Approx((3 * of_first + of_second) / 8).epsilon(1e-5));
}
