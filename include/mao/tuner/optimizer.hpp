// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gradient descent as the reference implementations of the family use it: SGD with momentum, Adam, AdamW.

#include <cmath>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/core/ops.hpp>

namespace mao {

/// How a gradient becomes a step.
enum class OptimizerKind {
  Sgd,    ///< momentum without dampening, not Nesterov's; weight decay is added to the gradient
  Adam,   ///< weight decay is added to the gradient
  AdamW,  ///< weight decay shrinks the parameter by itself
};

/// Settings of `Optimizer`; the defaults are Dassl's.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::Sgd;
  double weight_decay = 5e-4;  ///< of every trained tensor
  double momentum = 0.9;       ///< SGD
  double beta1 = 0.9;          ///< Adam
  double beta2 = 0.999;        ///< Adam
  double epsilon = 1e-8;       ///< Adam; TCP's fp16 release uses 1e-3
};

/// Steps a list of parameters along their gradients.
class Optimizer {
 public:
  using Options = OptimizerOptions;

  /// **Throws** `OptionError` for a setting out of range.
  explicit Optimizer(ParameterList parameters, Options options = {})
      : parameters_(std::move(parameters)), options_(options) {
    const auto fraction = [](double value, const char* name) {
      require<OptionError>(value >= 0 && value < 1, "Optimizer: ", name, " = ", value, ", expected 0 to below 1");
    };
    fraction(options_.momentum, "momentum");
    fraction(options_.beta1, "beta1");
    fraction(options_.beta2, "beta2");
    require<OptionError>(options_.weight_decay >= 0, "Optimizer: weight_decay = ", options_.weight_decay,
                         ", expected 0 or more");
    require<OptionError>(options_.epsilon > 0, "Optimizer: epsilon = ", options_.epsilon, ", expected more than 0");
  }

  /// Forgets the gradients.
  void zero_grad() {
    for (Parameter& parameter : parameters_) parameter.value.mutable_grad() = Tensor();
  }

  /// One step; `rate_of` gives the learning rate of each parameter. One without a gradient stays as it is.
  template <class RateOf>
  void step(RateOf&& rate_of) {
    const at::NoGradGuard no_graph;
    for (const Parameter& parameter : parameters_) {
      if (!parameter.value.grad().defined()) continue;
      options_.kind == OptimizerKind::Sgd ? step_sgd(parameter, rate_of(parameter))
                                          : step_adam(parameter, rate_of(parameter));
    }
  }

  [[nodiscard]] const ParameterList& parameters() const { return parameters_; }

  /// Momentum and moments by `kind.parameter`; with the parameters it is the whole state.
  [[nodiscard]] const TensorMap& state() const { return state_; }
  /// From anywhere, a file for example: it goes where the parameters are.
  void set_state(TensorMap state) {
    state_ = std::move(state);
    for (const Parameter& parameter : parameters_) {
      for (const char* kind : {"velocity.", "first.", "second."}) {
        const auto found = state_.find(kind + parameter.name);
        if (found != state_.end()) found->second = found->second.to(parameter.value.device());
      }
    }
  }

 private:
  void step_sgd(const Parameter& parameter, double rate) {
    const Tensor direction = parameter.value.grad().add(parameter.value, options_.weight_decay);
    Tensor& velocity = state_["velocity." + parameter.name];
    velocity = velocity.defined() ? velocity.mul(options_.momentum).add(direction) : direction;
    Tensor value = parameter.value;
    value.sub_(velocity, rate);
  }

  void step_adam(const Parameter& parameter, double rate) {
    Tensor value = parameter.value;
    const bool decoupled = options_.kind == OptimizerKind::AdamW;
    if (decoupled) value.mul_(1 - rate * options_.weight_decay);
    const Tensor gradient = decoupled ? value.grad() : value.grad().add(value, options_.weight_decay);
    Tensor &first = state_["first." + parameter.name], &second = state_["second." + parameter.name],
           &count = state_["count." + parameter.name];
    count = count.defined() ? count + 1 : at::scalar_tensor(1, at::kDouble);
    const auto mean = [](const Tensor& so_far, const Tensor& now, double beta) {
      return so_far.defined() ? so_far.mul(beta).add(now, 1 - beta) : now.mul(1 - beta);
    };
    first = mean(first, gradient, options_.beta1);
    second = mean(second, gradient.square(), options_.beta2);
    const auto steps = count.item<double>();
    const Tensor scale =
        (second.sqrt() / std::sqrt(1 - std::pow(options_.beta2, steps))).add(options_.epsilon);
    value.sub_(first / scale, rate / (1 - std::pow(options_.beta1, steps)));
  }

  ParameterList parameters_;
  Options options_;
  TensorMap state_;
};

}  // namespace mao
