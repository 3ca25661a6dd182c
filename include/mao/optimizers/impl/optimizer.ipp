// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/optimizers/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ops/maximum.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Optimizer::Optimizer(ParameterList parameters, Options options)
    : parameters_(std::move(parameters)), options_(options) {
  const auto fraction = [](double value, const char* name) {
    require<OptionError>(value >= 0 && value < 1, "Optimizer: ", name, " = ", value, ", expected 0 to below 1");
  };
  fraction(options_.momentum, "momentum");
  fraction(options_.beta1, "beta1");
  fraction(options_.beta2, "beta2");
  fraction(options_.alpha, "alpha");
  fraction(options_.dampening, "dampening");
  require<OptionError>(options_.weight_decay >= 0 && options_.weight_decay <= largest_factor,
                       "Optimizer: weight_decay = ", options_.weight_decay, ", expected 0 to ", largest_factor);
  require<OptionError>(options_.epsilon > 0 && options_.epsilon <= largest_factor,
                       "Optimizer: epsilon = ", options_.epsilon, ", expected more than 0, at most ", largest_factor);
  require<OptionError>(!options_.nesterov || (options_.momentum > 0 && options_.dampening == 0),
                       "Optimizer: nesterov needs momentum and no dampening, got momentum = ", options_.momentum,
                       ", dampening = ", options_.dampening);
}

MAO_INLINE void Optimizer::set_state(TensorMap state) {
  for (auto& [name, value] : state) {
    const std::string kind = name.substr(0, name.find('.') + 1);
    const auto of = std::find_if(parameters_.begin(), parameters_.end(),
                                 [&](const Parameter& parameter) { return kind + parameter.name == name; });
    const auto keeps = kept();
    require<OptionError>(of != parameters_.end() && std::find(keeps.begin(), keeps.end(), kind) != keeps.end(),
                         "the saved state of an optimizer holds ", name, ", which this one (", describe().text(),
                         ") does not keep; it was saved by another optimizer or of other parameters");
    if (kind == "count.") continue;
    expect_shape(value, of->value.sizes(), "saved " + name);
    value = value.to(of->value.device());
  }
  state_ = std::move(state);
}

MAO_INLINE std::vector<std::string> Optimizer::kept() const {
  switch (options_.kind) {
    case OptimizerKind::Sgd:
      return {"velocity."};
    case OptimizerKind::RmsProp:
      return {"second.", "velocity."};
    default:
      return {"first.", "second.", "count.", "greatest."};
  }
}

MAO_INLINE Optimizer::Moments Optimizer::moments(const Parameter& parameter, const Tensor& gradient) {
  Tensor &first = state_["first." + parameter.name], &second = state_["second." + parameter.name],
         &count = state_["count." + parameter.name];
  count = count.defined() ? count + 1 : at::scalar_tensor(1, at::kDouble);
  first = mean(first, gradient, options_.beta1);
  second = mean(second, gradient.square(), options_.beta2);
  const auto steps = count.item<double>();
  return {first, second, 1 - std::pow(options_.beta1, steps), 1 - std::pow(options_.beta2, steps), steps};
}

MAO_INLINE void Optimizer::step_sgd(const Parameter& parameter, double rate) {
  const Tensor direction = with_decay(parameter);
  Tensor& velocity = state_["velocity." + parameter.name];
  velocity = velocity.defined() ? velocity.mul(options_.momentum).add(direction, 1 - options_.dampening) : direction;
  Tensor value = parameter.value;
  value.sub_(options_.nesterov ? direction.add(velocity, options_.momentum) : velocity, rate);
}

MAO_INLINE void Optimizer::step_adam(const Parameter& parameter, double rate) {
  Tensor value = parameter.value;
  const bool decoupled = options_.kind == OptimizerKind::AdamW;
  if (decoupled) value.mul_(1 - rate * options_.weight_decay);
  const Moments now = moments(parameter, decoupled ? value.grad() : with_decay(parameter));
  Tensor spread = now.second;
  if (options_.amsgrad) {
    Tensor& greatest = state_["greatest." + parameter.name];
    greatest = greatest.defined() ? at::maximum(greatest, now.second) : now.second;
    spread = greatest;
  }
  const Tensor scale = (spread.sqrt() / std::sqrt(now.second_share)).add(options_.epsilon);
  value.sub_(now.first / scale, rate / now.first_share);
}

MAO_INLINE void Optimizer::step_radam(const Parameter& parameter, double rate) {
  Tensor value = parameter.value;
  const Moments now = moments(parameter, value.grad());
  const double most = 2 / (1 - options_.beta2) - 1;
  const double length = most - 2 * now.steps * (1 - now.second_share) / now.second_share;
  value.mul_(1 - rate * options_.weight_decay);
  if (length < 5) {
    value.sub_(now.first, rate / now.first_share);
    return;
  }
  const double certainty = (length - 4) / (most - 4) * (length - 2) / length * most / (most - 2);
  value.sub_(now.first / now.second.sqrt().add(options_.epsilon),
             rate * std::sqrt(now.second_share * certainty) / now.first_share);
}

MAO_INLINE void Optimizer::step_rms_prop(const Parameter& parameter, double rate) {
  const Tensor gradient = with_decay(parameter);
  Tensor &second = state_["second." + parameter.name], &velocity = state_["velocity." + parameter.name];
  second = mean(second, gradient.square(), options_.alpha);
  const Tensor scaled = gradient / second.sqrt().add(options_.epsilon);
  velocity = velocity.defined() ? velocity.mul(options_.momentum).add(scaled) : scaled;
  Tensor value = parameter.value;
  value.sub_(velocity, rate);
}

}  // namespace mao
