// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// AdamW with clipped gradients over a map of weights, for pre-training.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>

namespace mao::embedded {

/// AdamW (Loshchilov and Hutter 2019) with betas (.9, .98), eps 1e-6, decay .1 on matrices and none on the rest.
class AdamW {
 public:
  /// What the learning rate of a weight is multiplied by.
  using Factor = double (*)(const std::string& name);

  /// Keeps references to the weights' tensors. State is restored with `load`.
  AdamW(const TensorMap& weights, Factor factor) : weights_(weights), factor_(factor) {
    for (const auto& [name, value] : weights_) {
      mean_[name] = at::zeros_like(value.detach());
      square_[name] = at::zeros_like(value.detach());
    }
  }

  /// One step from the gradients that are there, clipped to a norm of 1 together, which are then cleared.
  ///
  /// Returns the norm before clipping. **Throws** `NumericError` when it is not finite.
  double step(double learning_rate, std::int64_t number) {
    const at::NoGradGuard no_grad;
    double squares = 0;
    for (const auto& [name, value] : weights_) {
      if (value.grad().defined()) squares += value.grad().square().sum().item<double>();
    }
    const double norm = std::sqrt(squares);
    require<NumericError>(std::isfinite(norm), "pre-training step ", number, ": the gradient's norm is ", norm,
                          "; continue from the last checkpoint with a lower --lr");
    const double scale = std::min(1.0, 1 / (norm + 1e-6));
    for (auto& [name, value] : weights_) {
      if (value.grad().defined()) update(name, value, value.grad() * scale, learning_rate * factor_(name), number);
      value.mutable_grad().reset();
    }
    return norm;
  }

  /// Adds the two moments of each weight as "mean/NAME" and "square/NAME".
  void save(TensorMap& into) const {
    for (const auto& [name, value] : mean_) into["mean/" + name] = value;
    for (const auto& [name, value] : square_) into["square/" + name] = value;
  }

  void load(const TensorMap& from) {
    for (auto& [name, value] : mean_) value.copy_(from.at("mean/" + name));
    for (auto& [name, value] : square_) value.copy_(from.at("square/" + name));
  }

 private:
  void update(const std::string& name, Tensor& value, const Tensor& gradient, double learning_rate,
              std::int64_t number) {
    constexpr double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-6, decay = 0.1;
    const double steps = static_cast<double>(number);
    Tensor& mean = mean_.at(name).mul_(beta1).add_(gradient, 1 - beta1);
    Tensor& square = square_.at(name).mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    const Tensor root = (square / (1 - std::pow(beta2, steps))).sqrt_().add_(epsilon);
    if (value.dim() >= 2) value.mul_(1 - learning_rate * decay);
    value.addcdiv_(mean, root, -learning_rate / (1 - std::pow(beta1, steps)));
  }

  TensorMap weights_;
  Factor factor_;
  TensorMap mean_;
  TensorMap square_;
};

}  // namespace mao::embedded
