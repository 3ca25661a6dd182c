// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gradient descent as the reference implementations of the family use it or, with a setting, can: Dassl's optimisers.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/detail/policy_text.hpp>

namespace mao {

/// How a gradient becomes a step. Weight decay is added to the gradient where nothing else is said.
enum class OptimizerKind {
  Sgd,      ///< with momentum
  Adam,     ///< with `amsgrad` the second moment never falls
  AdamW,    ///< weight decay shrinks the parameter by itself
  RAdam,    ///< Adam that leaves out its second moment while that rests on few steps; decay as AdamW (Dassl)
  RmsProp,  ///< the gradient over the root of its mean square, with momentum
};

/// Settings of `Optimizer`; the defaults are Dassl's.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::Sgd;
  double weight_decay = 5e-4;  ///< of every trained tensor
  double momentum = 0.9;       ///< SGD, RMSprop
  double beta1 = 0.9;          ///< Adam and its kin
  double beta2 = 0.999;        ///< Adam and its kin
  double epsilon = 1e-8;       ///< all but SGD; TCP's fp16 release uses 1e-3
  double dampening = 0;        ///< SGD: how much of a gradient the velocity does not take, from the second step on
  bool nesterov = false;       ///< SGD: a step looks one momentum ahead
  bool amsgrad = false;        ///< Adam
  double alpha = 0.99;         ///< RMSprop: how much the mean square remembers
};

/// What a parameter may be multiplied with and still be a number of fp32, as parameters are.
inline constexpr double largest_factor = std::numeric_limits<float>::max();

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
    fraction(options_.alpha, "alpha");
    fraction(options_.dampening, "dampening");
    require<OptionError>(options_.weight_decay >= 0 && options_.weight_decay <= largest_factor,
                         "Optimizer: weight_decay = ", options_.weight_decay, ", expected 0 to ", largest_factor);
    require<OptionError>(options_.epsilon > 0 && options_.epsilon <= largest_factor, "Optimizer: epsilon = ",
                         options_.epsilon, ", expected more than 0, at most ", largest_factor);
    require<OptionError>(!options_.nesterov || (options_.momentum > 0 && options_.dampening == 0),
                         "Optimizer: nesterov needs momentum and no dampening, got momentum = ", options_.momentum,
                         ", dampening = ", options_.dampening);
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
      const double rate = rate_of(parameter);
      require<OptionError>(rate >= 0 && rate <= largest_factor, "Optimizer: the learning rate of ", parameter.name,
                           " is ", rate, ", expected 0 to ", largest_factor);
      switch (options_.kind) {
        case OptimizerKind::Sgd: step_sgd(parameter, rate); break;
        case OptimizerKind::RmsProp: step_rms_prop(parameter, rate); break;
        case OptimizerKind::RAdam: step_radam(parameter, rate); break;
        case OptimizerKind::Adam:
        case OptimizerKind::AdamW: step_adam(parameter, rate);
      }
    }
  }

  [[nodiscard]] const ParameterList& parameters() const { return parameters_; }

  /// Momentum and moments by `kind.parameter`; with the parameters it is the whole state.
  [[nodiscard]] const TensorMap& state() const { return state_; }
  /// From anywhere, a file for example: it goes where the parameters are. **Throws** `OptionError` when it belongs to
  /// another kind of optimizer or other parameters, `ShapeError` for other sizes; nothing has changed then.
  void set_state(TensorMap state) {
    for (auto& [name, value] : state) {
      const std::string kind = name.substr(0, name.find('.') + 1);
      const auto of = std::find_if(parameters_.begin(), parameters_.end(),
                                   [&](const Parameter& parameter) { return kind + parameter.name == name; });
      const auto keeps = kept();
      require<OptionError>(of != parameters_.end() && std::find(keeps.begin(), keeps.end(), kind) != keeps.end(),
                           "the saved state of an optimizer holds ", name, ", which this one (", text(),
                           ") does not keep; it was saved by another optimizer or of other parameters");
      if (kind == "count.") continue;
      expect_shape(value, of->value.sizes(), "saved " + name);
      value = value.to(of->value.device());
    }
    state_ = std::move(state);
  }

  /// Kind and settings, to be compared with those of a saved training.
  [[nodiscard]] std::string text() const {
    const auto& o = options_;
    constexpr const char* names[] = {"SGD", "Adam", "AdamW", "RAdam", "RMSprop"};
    const auto exact = detail::exact_text;
    return text_of(names[static_cast<int>(o.kind)], ", weight_decay ", exact(o.weight_decay), ", momentum ",
                   exact(o.momentum), ", beta1 ", exact(o.beta1), ", beta2 ", exact(o.beta2), ", epsilon ",
                   exact(o.epsilon), ", dampening ", exact(o.dampening), o.nesterov ? ", nesterov" : "",
                   o.amsgrad ? ", amsgrad" : "", ", alpha ", exact(o.alpha));
  }

 private:
  /// What is kept of each parameter.
  [[nodiscard]] std::vector<std::string> kept() const {
    switch (options_.kind) {
      case OptimizerKind::Sgd: return {"velocity."};
      case OptimizerKind::RmsProp: return {"second.", "velocity."};
      default: return {"first.", "second.", "count.", "greatest."};
    }
  }

  /// Moving averages of an Adam, this step's gradient included.
  struct Moments {
    const Tensor &first, &second;
    double first_share, second_share;  ///< of what they would be after endless steps
    double steps;
  };

  [[nodiscard]] Tensor with_decay(const Parameter& parameter) const {
    return parameter.value.grad().add(parameter.value, options_.weight_decay);
  }
  static Tensor mean(const Tensor& so_far, const Tensor& now, double beta) {
    return so_far.defined() ? so_far.mul(beta).add(now, 1 - beta) : now.mul(1 - beta);
  }
  Moments moments(const Parameter& parameter, const Tensor& gradient) {
    Tensor &first = state_["first." + parameter.name], &second = state_["second." + parameter.name],
           &count = state_["count." + parameter.name];
    count = count.defined() ? count + 1 : at::scalar_tensor(1, at::kDouble);
    first = mean(first, gradient, options_.beta1);
    second = mean(second, gradient.square(), options_.beta2);
    const auto steps = count.item<double>();
    return {first, second, 1 - std::pow(options_.beta1, steps), 1 - std::pow(options_.beta2, steps), steps};
  }

  void step_sgd(const Parameter& parameter, double rate) {
    const Tensor direction = with_decay(parameter);
    Tensor& velocity = state_["velocity." + parameter.name];
    velocity = velocity.defined() ? velocity.mul(options_.momentum).add(direction, 1 - options_.dampening) : direction;
    Tensor value = parameter.value;
    value.sub_(options_.nesterov ? direction.add(velocity, options_.momentum) : velocity, rate);
  }

  void step_adam(const Parameter& parameter, double rate) {
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

  /// **Source** Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2, with a step of plain
  /// momentum where the paper's variance is not defined yet.
  void step_radam(const Parameter& parameter, double rate) {
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

  void step_rms_prop(const Parameter& parameter, double rate) {
    const Tensor gradient = with_decay(parameter);
    Tensor &second = state_["second." + parameter.name], &velocity = state_["velocity." + parameter.name];
    second = mean(second, gradient.square(), options_.alpha);
    const Tensor scaled = gradient / second.sqrt().add(options_.epsilon);
    velocity = velocity.defined() ? velocity.mul(options_.momentum).add(scaled) : scaled;
    Tensor value = parameter.value;
    value.sub_(velocity, rate);
  }

  ParameterList parameters_;
  Options options_;
  TensorMap state_;
};

}  // namespace mao
