// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gaussian-weighted aggregation of prompts over epochs (PromptSRC, arXiv 2307.06948, section 3.3).

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/backbones/concepts.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

/// Which epochs count.
struct GaussianAggregationOptions {
  double mean = 15;      ///< the epoch that counts most, from 1
  double deviation = 1;  ///< in epochs
  int planned_for = 0;   ///< epochs that the two were chosen for, to scale them to a step of another length; 0: never
};

/// What each epoch counts: a Gaussian over 1 .. epochs, adding up to 1.
///
/// With the defaults and 20 epochs: .0044 .054 .242 .399 .242 .054 .0044 at epochs 12 to 18. With 10 epochs nearly all
/// of it falls on the last, unless `planned_for = 20`.
///
/// **Throws** `OptionError` for a deviation that is not above 0 or a horizon below 1.
inline std::vector<double> gaussian_weights(int epochs, const GaussianAggregationOptions& options = {}) {
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

/// Adds up parameters over the epochs of a step and puts the average in their place when it ends.
///
/// The sums are buffers in double precision, so that a run that is resumed ends where an uninterrupted one does.
/// **Differs** from the released code, which averages the frozen weights as well (and so rounds them).
class GaussianAggregation {
 public:
  using Options = GaussianAggregationOptions;

  /// **Throws** `OptionError` for settings out of range.
  explicit GaussianAggregation(Options options = {}) : options_(options) { gaussian_weights(1, options_); }

  /// After an epoch. The first of a step starts again.
  void add(const ParameterList& parameters, const EpochInfo& info) {
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

  /// When the step ends: parameters become their average. Does nothing when no epoch was added.
  void finish(const ParameterList& parameters) {
    const at::NoGradGuard no_graph;
    const double weight = sums_.empty() ? 0 : sums_.at("aggregate_weight").item<double>();
    if (weight > 0) {
      for (const Parameter& parameter : parameters) {
        parameter.value.copy_(sums_.at("aggregate." + parameter.name) / weight);
      }
    }
    sums_.clear();
  }

  /// The sums so far: `aggregate.NAME` and `aggregate_weight`; none before the first epoch and after the last.
  [[nodiscard]] const TensorMap& buffers() const { return sums_; }

  /// Continues from such sums. Others of the map are left alone.
  void set_buffers(const TensorMap& buffers) {
    sums_.clear();
    for (const auto& [name, value] : buffers) {
      if (name.starts_with("aggregate")) sums_[name] = value;
    }
    require<FormatError>(sums_.empty() || sums_.contains("aggregate_weight"),
                         "Gaussian aggregation: the saved sums lack aggregate_weight; damaged file, start again");
  }

 private:
  Options options_;
  TensorMap sums_;
};

}  // namespace mao
