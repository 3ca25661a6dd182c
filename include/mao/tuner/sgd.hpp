// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Stochastic gradient descent as every reference implementation of the family uses it.

#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>

#include <mao/core/tensor.hpp>

namespace mao {

/// Settings of `Sgd`; the defaults are Dassl's.
struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 5e-4;  ///< of every trained tensor
};

/// SGD with momentum (no dampening, no Nesterov) and weight decay added to the gradient.
class Sgd {
 public:
  using Options = SgdOptions;

  explicit Sgd(ParameterList parameters, Options options = {}) : parameters_(std::move(parameters)), options_(options) {
    require<OptionError>(options_.momentum >= 0 && options_.momentum < 1, "Sgd: momentum = ", options_.momentum,
                         ", expected 0 to below 1");
    require<OptionError>(options_.weight_decay >= 0, "Sgd: weight_decay = ", options_.weight_decay,
                         ", expected 0 or more");
  }

  /// Forgets the gradients.
  void zero_grad() {
    for (Parameter& parameter : parameters_) parameter.value.mutable_grad() = Tensor();
  }

  /// One step at that rate. A parameter without a gradient stays as it is.
  void step(double learning_rate) {
    const at::NoGradGuard no_graph;
    for (const Parameter& parameter : parameters_) {
      const Tensor& gradient = parameter.value.grad();
      if (!gradient.defined()) continue;
      const Tensor direction = gradient.add(parameter.value, options_.weight_decay);
      Tensor& velocity = velocity_[parameter.name];
      velocity = velocity.defined() ? velocity.mul(options_.momentum).add(direction) : direction;
      Tensor value = parameter.value;
      value.sub_(velocity, learning_rate);
    }
  }

  [[nodiscard]] const ParameterList& parameters() const { return parameters_; }

  /// The momentum of each parameter that has been stepped, by name; with the parameters it is the whole state.
  [[nodiscard]] const TensorMap& velocity() const { return velocity_; }
  void set_velocity(TensorMap velocity) { velocity_ = std::move(velocity); }

 private:
  ParameterList parameters_;
  Options options_;
  TensorMap velocity_;
};

}  // namespace mao
