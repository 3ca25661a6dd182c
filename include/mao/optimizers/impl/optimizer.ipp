// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/optimizers/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include <ATen/ops/maximum.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Optimizer::Optimizer(ParameterList parameters, Options options, OwnOptimizer own)
    : parameters_(std::move(parameters)), options_(options), own_(std::move(own)) {
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
  require<OptionError>(options_.sam_radius >= 0 && options_.sam_radius <= largest_factor,
                       "Optimizer: sam_radius = ", options_.sam_radius, ", expected a length above 0, or 0 for no SAM");
  const Options used{.weight_decay = options_.weight_decay, .sam_radius = options_.sam_radius};
  require<OptionError>(!own_ || described("", options_) == described("", used), "Optimizer: ", own_.describe().name,
                       " takes the steps, so of the settings of mao's optimizers only weight_decay and sam_radius act; "
                       "leave the others out");
}

MAO_INLINE Description Optimizer::describe() const {
  if (!own_) return described("Optimizer", options_);
  return own_.describe().with("weight_decay", options_.weight_decay).with("sam_radius", options_.sam_radius);
}

MAO_INLINE void Optimizer::climb() {
  const at::NoGradGuard no_graph;
  double squares = 0;
  below_.clear();
  for (const Parameter& parameter : parameters_) {
    below_.push_back(parameter.value.detach().clone());
    const Tensor& gradient = parameter.value.grad();
    if (gradient.defined()) squares += gradient.to(at::kDouble).square().sum().item<double>();
  }
  if (squares == 0) return;
  const double scale = options_.sam_radius / std::sqrt(squares);
  for (const Parameter& parameter : parameters_) {
    Tensor value = parameter.value;
    if (value.grad().defined()) value.add_(value.grad(), scale);
  }
}

MAO_INLINE void Optimizer::climb_down() {
  const at::NoGradGuard no_graph;
  for (std::size_t i = 0; i < below_.size(); ++i) {
    Tensor value = parameters_[i].value;
    value.copy_(below_[i]);
  }
  below_.clear();
}

MAO_INLINE void Optimizer::set_state(TensorMap state) {
  const auto keeps = kept();
  for (auto& entry : state) {
    const std::string& name = entry.first;
    const auto is_kind = [&](const std::string& kind) { return name.starts_with(kind); };
    const auto kind = std::ranges::find_if(keeps, is_kind);
    const auto of = std::ranges::find_if(parameters_, [&](const Parameter& parameter) {
      if (kind == keeps.end()) return false;
      return own_ ? name.size() > kind->size() && name.ends_with("." + parameter.name) : *kind + parameter.name == name;
    });
    require<OptionError>(of != parameters_.end(), "the saved state of an optimizer holds ", name, ", which this one (",
                         describe().text(),
                         ") does not keep; it was saved by another optimizer or of other parameters");
    if (*kind == "count.") continue;
    if (!own_) expect_shape(entry.second, of->value.sizes(), "saved " + name);
    entry.second = entry.second.to(of->value.device());
  }
  state_ = std::move(state);
}

MAO_INLINE std::vector<std::string> Optimizer::kept() const {
  if (own_) return {own_prefix()};
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
  if (decoupled) value.mul_(1 - rate * decay_of(parameter));
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
  value.mul_(1 - rate * decay_of(parameter));
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

MAO_INLINE void Optimizer::step_own(const Parameter& parameter, double rate) {
  own_.step({.value = parameter.value.detach(),
             .gradient = parameter.value.grad(),
             .rate = rate,
             .decay = decay_of(parameter),
             .kept = KeptTensors(state_, own_prefix(), "." + parameter.name)});
  std::erase_if(state_, [](const auto& entry) { return !entry.second.defined(); });
}

}  // namespace mao
