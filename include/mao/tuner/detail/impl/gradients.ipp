// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/gradients.hpp>

#include <cmath>
#include <numeric>

#include <ATen/core/grad_mode.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE double gradient_norm(const ParameterList& parameters) {
  const at::NoGradGuard no_graph;
  double squares = 0;
  for (const Parameter& parameter : parameters) {
    const Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) squares += gradient.to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(squares);
}

MAO_INLINE void clip_gradients(const ParameterList& parameters, double longest) {
  const at::NoGradGuard no_graph;
  const double factor = longest / (gradient_norm(parameters) + 1e-6);
  if (!(factor < 1)) return;
  for (const Parameter& parameter : parameters) {
    Tensor value = parameter.value;
    if (value.grad().defined()) value.mutable_grad() = value.grad().mul(factor);
  }
}

MAO_INLINE double weight_of(const Batch& batch) {
  if (batch.weights.empty()) return static_cast<double>(batch.size());
  return std::accumulate(batch.weights.begin(), batch.weights.end(), 0.0);
}

MAO_INLINE GatheredGradients::GatheredGradients(int batches) : batches_(batches) {
  require<OptionError>(batches >= 1, "accumulate = ", batches, ", expected the batches of an update, 1 or more");
}

MAO_INLINE bool GatheredGradients::complete(const ParameterList& parameters, double weight) {
  if (batches_ == 1) return weight > 0;
  const at::NoGradGuard no_graph;
  sums_.resize(parameters.size());
  for (std::size_t i = 0; weight > 0 && i < parameters.size(); ++i) {
    const Tensor& gradient = parameters[i].value.grad();
    if (!gradient.defined()) continue;
    sums_[i] = sums_[i].defined() ? sums_[i].add(gradient, weight) : gradient.mul(weight);
  }
  weight_ += weight;
  return ++seen_ == batches_ && complete_early(parameters);
}

MAO_INLINE bool GatheredGradients::complete_early(const ParameterList& parameters) {
  const at::NoGradGuard no_graph;
  const bool any = weight_ > 0;
  for (std::size_t i = 0; any && i < parameters.size(); ++i) {
    Tensor value = parameters[i].value;
    value.mutable_grad() = sums_[i].defined() ? sums_[i].div(weight_) : Tensor();
  }
  forget();
  return any;
}

MAO_INLINE void GatheredGradients::forget() {
  seen_ = 0;
  weight_ = 0;
  sums_.clear();
}

}  // namespace mao
