// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/losses.hpp>
#include <mao/regularizers/cross_entropy.hpp>
#include <mao/core/detail/ops.hpp>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

#include <support/catch.hpp>

using namespace mao;

namespace {

/// One number w; logits [w, 0], a term of its own w^2.
struct Scalar {
  Tensor w = parameter(at::tensor({0.5F}));
  ClassList list{{"a", "b"}};
  void bind(const ClassList& classes) { list = classes; }
  [[nodiscard]] const ClassList& classes() const { return list; }
  Output forward(const ImageBatch&, const Candidates& candidates) {
    Output output;
    output.logits = at::cat({w, at::zeros({1})}).unsqueeze(0);
    output.candidates = candidates;
    return output;
  }
  Tensor auxiliary_loss(const Output&, const Batch&) { return w.square().sum(); }
  ParameterList parameters() { return {{"w", w}}; }
};

struct Weighed : Scalar {
  Tensor total_loss(const Tensor& task, const Tensor& auxiliary) { return task * 0.25 + auxiliary * 0.75; }
};

struct Combined : Scalar {
  void combine(const Tensor& task, const Tensor& auxiliary) { (task - auxiliary).backward(); }
};

struct Relabelled : Scalar {
  Tensor task_logits(const Output& output, const Batch& batch) {
    return output.logits * static_cast<double>(1 + batch.labels[0]);
  }
};

template <class BackboneT>
std::pair<Losses, double> losses_and_gradient(BackboneT backbone, std::int64_t label) {
  const Batch batch{.images = {0}, .labels = {label}, .weights = {}};
  const Output full = backbone.forward({}, Candidates::all(2));
  Output output = full;
  const Losses losses = losses_of(backbone, CrossEntropy{}, full, output, batch);
  back_propagate(backbone, losses);
  return {losses, backbone.w.grad().template item<double>()};
}

const double p = 1 / (1 + std::exp(-0.5));  // probability of class 0

}  // namespace

TEST_CASE("task and auxiliary loss are added, weighed or combined as the backbone says", "[losses]") {
  const auto [sum, of_sum] = losses_and_gradient(Scalar{}, 0);
  CHECK(sum.task.item<double>() == Approx(-std::log(p)));
  CHECK(sum.auxiliary.item<double>() == Approx(0.25));
  CHECK(sum.total.item<double>() == Approx(0.25 - std::log(p)));
  CHECK(of_sum == Approx(p - 1 + 1));
  const auto [weighed, of_weighed] = losses_and_gradient(Weighed{}, 0);
  CHECK(weighed.total.item<double>() == Approx(-0.25 * std::log(p) + 0.75 * 0.25));
  CHECK(of_weighed == Approx(0.25 * (p - 1) + 0.75));
  CHECK(losses_and_gradient(Combined{}, 0).second == Approx(p - 1 - 1));
}

TEST_CASE("the task loss is taken over logits that depend on the labels, where there are such", "[losses]") {
  const auto [losses, gradient] = losses_and_gradient(Relabelled{}, 1);
  CHECK(losses.task.item<double>() == Approx(std::log(1 + std::exp(1.0))));
}

TEST_CASE("the tensor that stops being finite is named", "[losses]") {
  const Tensor good = parameter(at::tensor({1.0F})), bad = parameter(at::tensor({2.0F}));
  CHECK_NOTHROW(check_finite({{"good", good}, {"bad", bad}}, "coop, epoch 1, step 2"));
  bad.mutable_grad() = at::tensor({std::nanf("")});
  CHECK_THROWS_WITH(check_finite({{"good", good}, {"bad", bad}}, "coop, epoch 1, step 2"),
                    ContainsSubstring("coop, epoch 1, step 2: the gradient of bad is not finite"));
  const Tensor infinite = parameter(at::tensor({std::numeric_limits<float>::infinity()}));
  CHECK_THROWS_WITH(check_finite({{"ctx", infinite}}, "step"), ContainsSubstring("ctx is not finite"));
}
