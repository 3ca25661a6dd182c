// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/gaussian_aggregation.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::vector<double> gaussian_weights(int epochs, const GaussianAggregationOptions& options) {
  require<OptionError>(options.deviation > 0, "Gaussian aggregation: deviation = ", options.deviation,
                       ", expected more than 0 (PromptSRC: 1 around epoch 15, or 10 around epoch 6)");
  require<OptionError>(epochs >= 1 && options.planned_for >= 0, "Gaussian aggregation over ", epochs,
                       " epochs, planned for ", options.planned_for, "; expected at least 1, and 0 or more");
  const double scale = options.planned_for > 0 ? static_cast<double>(epochs) / options.planned_for : 1.0;
  std::vector<double> weights;
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    const double z = (epoch - options.mean * scale) / (options.deviation * scale);
    weights.push_back(-0.5 * z * z);
  }
  const double largest = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (double& weight : weights) sum += weight = std::exp(weight - largest);
  for (double& weight : weights) weight /= sum;
  return weights;
}

MAO_INLINE void GaussianAggregation::add(const ParameterList& parameters, const EpochInfo& info) {
  if (info.epoch == 0) sums_.clear();
  const double weight = gaussian_weights(info.horizon, options_).at(static_cast<std::size_t>(info.epoch));
  const auto accumulate = [&](const std::string& name, const Tensor& value) {
    Tensor& sum = sums_[name];
    const Tensor part = value.detach().to(at::kDouble) * weight;
    sum = sum.defined() ? sum.to(part.device()) + part : part;
  };
  for (const Parameter& parameter : parameters) accumulate("aggregate." + parameter.name, parameter.value);
  accumulate("aggregate_weight", at::scalar_tensor(1, at::kDouble));
}

MAO_INLINE void GaussianAggregation::finish(const ParameterList& parameters) {
  const at::NoGradGuard no_graph;
  const double weight = sums_.empty() ? 0 : sums_.at("aggregate_weight").item<double>();
  if (weight > 0) {
    for (const Parameter& parameter : parameters) {
      parameter.value.copy_(sums_.at("aggregate." + parameter.name) / weight);
    }
  }
  sums_.clear();
}

MAO_INLINE void GaussianAggregation::set_buffers(const TensorMap& buffers) {
  sums_.clear();
  for (const auto& [name, value] : buffers) {
    if (name.starts_with("aggregate")) sums_[name] = value;
  }
  require<FormatError>(sums_.empty() || sums_.contains("aggregate_weight"),
                       "Gaussian aggregation: the saved sums lack aggregate_weight; damaged file, start again");
}

}  // namespace mao
