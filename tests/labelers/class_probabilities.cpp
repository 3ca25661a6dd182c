// SPDX-License-Identifier: Apache-2.0
#include <mao/labelers/class_probabilities.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

TEST_CASE("class probabilities are the softmax of a forward pass, without a graph", "[class_probabilities]") {
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(6));
  ClassProbabilities<Coop<ToyModel>> probabilities(coop);
  const ImageBatch images{.pixels = ToyImages(6, 3, 2).pixels, .features = {}};
  const Tensor expected = at::softmax(coop.forward(images, Candidates::all(6)).logits, 1);
  const Tensor actual = probabilities(images);
  CHECK(largest_difference(actual, expected.detach()) < 1e-5);
  CHECK(!actual.requires_grad());
  CHECK(probabilities.classes() == toy_classes(6));
}

TEST_CASE("class probabilities change no parameter and leave no gradient", "[class_probabilities]") {
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(6));
  const Tensor before = coop.parameters()[0].value.detach().clone();
  ClassProbabilities<Coop<ToyModel>> probabilities(coop);
  static_cast<void>(probabilities({.pixels = ToyImages(6, 3, 2).pixels, .features = {}}));
  CHECK(largest_difference(coop.parameters()[0].value.detach(), before) == 0);
  CHECK(!coop.parameters()[0].value.grad().defined());
}

TEST_CASE("the most likely class of each row comes with its probability", "[class_probabilities]") {
  const Tensor rows = at::tensor(std::vector<double>{0.2, 0.5, 0.3, 0.7, 0.1, 0.2}).view({2, 3});
  const PseudoLabels labels = most_likely(rows);
  CHECK(labels.labels == std::vector<std::int64_t>{1, 0});
  CHECK(labels.confidence == std::vector<float>{0.5F, 0.7F});
  CHECK(labels.probabilities.empty());
}
