// SPDX-License-Identifier: Apache-2.0
#include <mao/cuda/cosine_loss.hpp>

#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>

#include <mao/core/ops.hpp>

#include "compare.hpp"
#include "thread_lanes.hpp"

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;
using mao_test::distance;

namespace {

constexpr double scale = 20;

Tensor unit(const Tensor& x) { return x / x.norm(2, -1, true); }

/// The mean loss of the images that count, by LibTorch.
Tensor plain(const Tensor& image, const Tensor& text, const Tensor& targets) {
  const Tensor logs = at::log_softmax(at::matmul(unit(image), unit(text).t()) * scale, 1);
  const Tensor counts = targets.ge(0);
  return logs.gather(1, targets.clamp_min(0).unsqueeze(1)).squeeze(1).neg() * counts;
}

}  // namespace

TEST_CASE("the cosine loss and its gradients are those of the plain formula") {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t width : {64, 192, 512, 65}) {
      for (const std::int64_t classes : {1, 7, 40}) {
        CAPTURE(c10::toString(dtype), width, classes);
        const Tensor image = mao_test::random({5, width}, 1, dtype),
                     text = mao_test::random({classes, width}, 2, dtype);
        const Tensor targets = at::tensor({0L, classes - 1, -1L, classes / 2, 0L}), weights = mao_test::random({5}, 3);
        const Tensor i = mao_test::exact(image), t = mao_test::exact(text), expected = plain(i, t, targets);
        (expected * weights.to(at::kDouble)).sum().backward();
        const CosineLoss actual = cosine_loss_forward(image, text, targets, scale);
        const CosineLossGradients gradients = cosine_loss_backward(weights, image, text, actual);
        if (classes == 1) {
          CHECK(actual.loss.abs().max().item<double>() < 1e-6);
          CHECK(gradients.text.abs().max().item<double>() < 1e-6);
          continue;
        }
        const double allowed = 5 * mao_test::tolerance(dtype);
        CHECK(distance(actual.loss, expected) < 1e-5);
        CHECK(distance(gradients.image, i.grad()) < allowed);
        CHECK(distance(gradients.text, t.grad()) < allowed);
      }
    }
  }
}

TEST_CASE("columns beyond the live ones change nothing and get no gradient") {
  const Tensor image = mao_test::random({4, 64}, 1), text = mao_test::random({8, 64}, 2);
  const Tensor targets = at::tensor({0L, 4L, 2L, 1L}), weights = at::full({4}, 0.25);
  const Tensor few = text.narrow(0, 0, 5).contiguous(), live = at::tensor({5}, at::kInt);
  const CosineLoss padded = cosine_loss_forward(image, text, targets, scale, live);
  const CosineLoss plain = cosine_loss_forward(image, few, targets, scale);
  CHECK(padded.loss.equal(plain.loss));
  const auto all = cosine_loss_backward(weights, image, text, padded);
  const auto own = cosine_loss_backward(weights, image, few, plain);
  CHECK(all.text.narrow(0, 0, 5).equal(own.text));
  CHECK(all.text.narrow(0, 5, 3).abs().max().item<double>() == 0);
  CHECK(all.image.equal(own.image));
  CHECK_FALSE(cosine_loss_backward(weights, image, text, padded, false).image.defined());
}

TEST_CASE("the 32 lanes of a warp give the loss that one lane gives") {
  const Tensor image = mao_test::random({2, 70}, 1), text = mao_test::random({37, 70}, 2);
  const Tensor targets = at::tensor({36L, 3L}), weights = at::full({2}, 0.5);
  const CosineLoss one = cosine_loss_forward(image, text, targets, scale);
  const Tensor inverse = at::empty({37}), cosine = at::empty({2, 37}), loss = at::empty({2}),
               score = at::empty({2, 37});
  mao_test::run_with_threads(InverseNorms<float>{pointer<float>(text), pointer<float>(inverse), 37, 70});
  CHECK(distance(inverse, one.text_inverse) < 1e-6);
  mao_test::run_with_threads(Cosines<float>{pointer<float>(image), pointer<float>(text),
                                            pointer<float>(one.image_inverse), pointer<float>(inverse),
                                            pointer<float>(cosine), 2, 37, 70});
  CHECK(distance(cosine, one.cosine) < 1e-6);
  mao_test::run_with_threads(CosineCrossEntropy{pointer<float>(one.cosine), pointer<std::int64_t>(targets), nullptr,
                                                pointer<float>(loss), pointer<float>(score), static_cast<float>(scale),
                                                2, 37});
  CHECK(distance(loss, one.loss) < 1e-6);
  CHECK(distance(score, one.score) < 1e-6);
  const Tensor gradient = at::empty_like(text);
  mao_test::run_with_threads(
      CosineGradient<float>{pointer<float>(text), pointer<float>(image), pointer<float>(one.text_inverse),
                            pointer<float>(one.image_inverse), pointer<float>(one.cosine), pointer<float>(one.score),
                            pointer<float>(weights), pointer<float>(gradient), 37, 2, 70, 1, 37, false});
  CHECK(distance(gradient, cosine_loss_backward(weights, image, text, one).text) < 1e-6);
}

TEST_CASE("the cosine loss says which tensor does not fit") {
  const Tensor image = mao_test::random({2, 8}, 1), targets = at::tensor({0L, 1L});
  CHECK_THROWS_WITH(cosine_loss_forward(image, mao_test::random({3, 9}, 2), targets, scale),
                    ContainsSubstring("text has shape [3, 9]"));
  CHECK_THROWS_WITH(cosine_loss_forward(image, image, targets.to(at::kInt), scale),
                    ContainsSubstring("targets is Int"));
  CHECK_THROWS_WITH(cosine_loss_forward(image.t(), mao_test::random({3, 2}, 2), mao_test::random({8}, 1), scale),
                    ContainsSubstring("contiguous"));
}
