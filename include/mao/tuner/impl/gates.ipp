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

}  // namespace mao
