// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/gates.hpp>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE LinearGateTensors::LinearGateTensors(const GateFit& fit)
    : weight(at::empty({fit.weight.rows(), fit.weight.cols()}, at::kFloat)),
      bias(at::empty({fit.bias.size()}, at::kFloat)) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<Rows>(weight.mutable_data_ptr<float>(), fit.weight.rows(), fit.weight.cols()) = fit.weight;
  Eigen::Map<Eigen::VectorXf>(bias.mutable_data_ptr<float>(), fit.bias.size()) = fit.bias;
}

MAO_INLINE Tensor WeightedGates::operator()(const ImageBatch& images, const std::vector<Tensor>& own) const {
  const auto groups = static_cast<std::int64_t>(own.size());
  require<ShapeError>(bias_.empty() || bias_.size() == own.size(), "WeightedGates: a bias of ", bias_.size(),
                      " numbers for ", groups, " groups, expected one each");
  Tensor sum;
  for (const Term& term : terms_) {
    const Tensor scores = term.gate(images, own);
    expect_shape(scores, {images.size(), groups}, "WeightedGates: the scores of a gate");
    const Tensor weighted = at::log_softmax(scores, 1) * term.weight;
    sum = sum.defined() ? sum + weighted : weighted;
  }
  return bias_.empty() ? sum : sum + at::tensor(bias_).to(sum.options());
}

MAO_INLINE Tensor AddedGroupGate::operator()(const ImageBatch& images, const std::vector<Tensor>& own) const {
  require<ShapeError>(own.size() >= 2, "AddedGroupGate: ", own.size(),
                      " groups, expected those of before and the one that was added");
  const std::vector<Tensor> before(own.begin(), own.end() - 1);
  const Tensor scores = earlier_(images, before), pair = last_(images, {at::cat(before, 1), own.back()});
  expect_shape(scores, {images.size(), static_cast<std::int64_t>(before.size())},
               "AddedGroupGate: the scores of the earlier groups");
  expect_shape(pair, {images.size(), 2}, "AddedGroupGate: the scores of the earlier groups together and the last one");
  const Tensor shares = at::log_softmax(pair, 1);
  return at::cat({at::log_softmax(scores, 1) + shares.narrow(1, 0, 1), shares.narrow(1, 1, 1)}, 1);
}

}  // namespace mao
