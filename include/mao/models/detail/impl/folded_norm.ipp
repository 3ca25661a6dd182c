// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/folded_norm.hpp>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE std::pair<Tensor, Tensor> folded(const TensorMap& weights, const std::string& convolution,
                                            const std::string& norm) {
  constexpr double epsilon = 1e-5;
  const auto of_norm = [&](const char* part) { return weights.at(norm + part).to(at::kDouble); };
  const Tensor variance = of_norm(".running_var");
  require<FormatError>(variance.min().item<double>() >= 0, norm, ".running_var has the value ",
                       variance.min().item<double>(), "; a variance is 0 or more, so the file is damaged");
  const Tensor factor = of_norm(".weight") / (variance + epsilon).sqrt();
  const Tensor bias = of_norm(".bias") - of_norm(".running_mean") * factor;
  const Tensor weight = weights.at(convolution + ".weight").to(at::kDouble) * factor.reshape({-1, 1, 1, 1});
  return {weight.to(at::kFloat), bias.to(at::kFloat)};
}

}  // namespace mao::detail
