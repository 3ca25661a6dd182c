// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/gates.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/zero_shot.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

namespace {

Tensor rows(std::vector<float> numbers, std::int64_t count) { return at::tensor(numbers).view({count, -1}); }

ImageBatch gate_images() { return {.pixels = ToyImages(5, 2, 1).pixels, .features = {}}; }

}  // namespace

TEST_CASE("without a gate the logits of all groups stand in one softmax", "[gates]") {
  const std::vector<Tensor> own{rows({1, 2, 0, 5}, 2), rows({3, 1}, 2)};
  const Tensor groups = at::softmax(OpenGate()({}, own), 1);
  const Tensor side_by_side = at::softmax(at::cat(own, 1), 1);
  CHECK(relative_difference(groups.select(1, 0), side_by_side.narrow(1, 0, 2).sum(1)) < 1e-6);
  CHECK(relative_difference(groups.select(1, 1), side_by_side.select(1, 2)) < 1e-6);
}

TEST_CASE("a mass gate gives each group what one softmax gives its classes", "[gates]") {
  const auto model = ToyModel::make();
  ZeroShot<ToyModel> untuned(model, toy_classes(5));
  const Tensor all = at::softmax(untuned.forward(gate_images(), Candidates::all(5)).logits, 1);
  const MassGate<ZeroShot<ToyModel>> gate(untuned, {2, 3});
  const Tensor groups = at::softmax(gate(gate_images(), {at::ones({5, 2}), at::ones({5, 3})}), 1);
  CHECK(relative_difference(groups.select(1, 0), all.narrow(1, 0, 2).sum(1)) < 1e-5);
  CHECK_THROWS_AS((MassGate<ZeroShot<ToyModel>>(untuned, {2, 2})), OptionError);
}

TEST_CASE("a linear gate is linear in unit features", "[gates]") {
  const auto model = ToyModel::make();
  const Tensor features = frozen_image_features(*model, gate_images());
  const Tensor weight = at::ones({2, features.size(1)}) * rows({0.5F, -1}, 2),
               bias = at::tensor(std::vector<float>{0, 2});
  const LinearGate<ToyModel> gate(model, weight, bias);
  CHECK(relative_difference(gate(gate_images(), {}), at::matmul(features, weight.t()) + bias) < 1e-6);
  GateFit fit{
      .weight = Eigen::MatrixXf::Constant(2, features.size(1), 0.5F), .bias = Eigen::VectorXf::Zero(2), .shares = {}};
  fit.weight.row(1).setConstant(-1);
  fit.bias(1) = 2;
  CHECK(relative_difference(LinearGate<ToyModel>(model, fit)(gate_images(), {}), gate(gate_images(), {})) < 1e-6);
  CHECK_THROWS_AS((LinearGate<ToyModel>(model, weight, at::ones({1}))), ShapeError);
  const LinearGate<ToyModel> other(model, at::ones({2, 3}), bias);
  CHECK_THROWS_AS(other(gate_images(), {}), ShapeError);
}

TEST_CASE("several gates add up by their weights", "[gates]") {
  const std::vector<Tensor> own{rows({1, 2}, 1), rows({3}, 1)};
  const ImageBatch one{.pixels = {}, .features = at::ones({1, 4})};
  const AnyGate fixed = [](const ImageBatch&, const std::vector<Tensor>&) { return rows({0, 1}, 1); };
  const WeightedGates both({{OpenGate(), 0.5}, {fixed, 2}}, {0, 3});
  const Tensor expected =
      0.5 * at::log_softmax(OpenGate()({}, own), 1) + 2 * at::log_softmax(rows({0, 1}, 1), 1) + rows({0, 3}, 1);
  CHECK(relative_difference(both(one, own), expected) < 1e-6);
  CHECK_THROWS_AS(WeightedGates({}), OptionError);
  CHECK_THROWS_AS(WeightedGates({{fixed, 1}}, {1, 2, 3})(one, own), ShapeError);
  const AnyGate three = [](const ImageBatch&, const std::vector<Tensor>&) { return rows({0, 1, 2}, 1); };
  CHECK_THROWS_AS(WeightedGates({{three, 1}})(one, own), ShapeError);
}

TEST_CASE("an added group leaves the gate between the others as it was", "[gates]") {
  const auto fixed = [](Tensor scores) {
    return [scores](const ImageBatch&, const std::vector<Tensor>&) { return scores; };
  };
  const Tensor pair = rows({1, 0, -1, 2}, 2), last = rows({0, 0.5F, 2, -1}, 2);
  const std::vector<Tensor> own{at::ones({2, 2}), at::ones({2, 3}), at::ones({2, 1})};
  const AddedGroupGate gate(fixed(pair), fixed(last));
  const ImageBatch images{.pixels = ToyImages(2, 1, 1).pixels, .features = {}};
  const Tensor groups = at::softmax(gate(images, own), 1);
  const Tensor two = at::softmax(pair, 1), added = at::softmax(last, 1);
  CHECK(relative_difference(groups.narrow(1, 0, 2), two * added.narrow(1, 0, 1)) < 1e-6);
  CHECK(relative_difference(groups.select(1, 2), added.select(1, 1)) < 1e-6);
  CHECK_THROWS_AS(gate(images, {own[0]}), ShapeError);
  CHECK_THROWS_AS(gate(images, {own[0], own[1], own[2], own[2]}), ShapeError);
}
