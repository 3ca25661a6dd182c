// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gradient descent as the reference implementations of the family use it or, with a setting, can: Dassl's optimisers.

#include <limits>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/describe.hpp>
#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>
#include <mao/optimizers/update_rule.hpp>

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
  double weight_decay = 5e-4;  ///< of every trained tensor, times its own multiple
  double momentum = 0.9;       ///< SGD, RMSprop
  double beta1 = 0.9;          ///< Adam and its kin
  double beta2 = 0.999;        ///< Adam and its kin
  double epsilon = 1e-8;       ///< all but SGD; TCP's fp16 release uses 1e-3
  double dampening = 0;        ///< SGD: how much of a gradient the velocity does not take, from the second step on
  bool nesterov = false;       ///< SGD: a step looks one momentum ahead
  bool amsgrad = false;        ///< Adam
  double alpha = 0.99;         ///< RMSprop: how much the mean square remembers
  double sam_radius = 0;       ///< SAM over any kind: how far it climbs before the gradient is taken; 0: not at all
  static constexpr const char* fields[] = {"kind",      "weight_decay", "momentum", "beta1", "beta2",     "epsilon",
                                           "dampening", "nesterov",     "amsgrad",  "alpha", "sam_radius"};
};

/// What a parameter may be multiplied with and still be a number of fp32, as parameters are.
inline constexpr double largest_factor = std::numeric_limits<float>::max();

/// Steps a list of parameters along their gradients.
class Optimizer {
 public:
  using Options = OptimizerOptions;

  /// With `own` that optimizer takes the steps, and of the settings weight decay and SAM's radius are used. **Throws**
  /// `OptionError` for a setting out of range, and for one that an optimizer of your own has no use for.
  explicit Optimizer(ParameterList parameters, Options options = {}, OwnOptimizer own = {});

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
      if (own_) {
        step_own(parameter, rate);
        continue;
      }
      switch (options_.kind) {
        case OptimizerKind::Sgd:
          step_sgd(parameter, rate);
          break;
        case OptimizerKind::RmsProp:
          step_rms_prop(parameter, rate);
          break;
        case OptimizerKind::RAdam:
          step_radam(parameter, rate);
          break;
        case OptimizerKind::Adam:
        case OptimizerKind::AdamW:
          step_adam(parameter, rate);
      }
    }
  }

  /// Whether each step has a second gradient, taken where `climb` leads to (SAM).
  [[nodiscard]] bool climbs() const { return options_.sam_radius > 0; }
  /// Moves the parameters by `sam_radius` along the gradients of all of them together. **Source** Foret et al.,
  /// Sharpness-Aware Minimization, equation 2.
  void climb();
  /// Moves them to where they were, bit for bit.
  void climb_down();

  [[nodiscard]] const ParameterList& parameters() const { return parameters_; }

  /// Momentum and moments by `kind.parameter`; with the parameters it is the whole state.
  [[nodiscard]] const TensorMap& state() const { return state_; }
  /// From anywhere, a file for example: it goes where the parameters are. **Throws** `OptionError` when it belongs to
  /// another kind of optimizer or other parameters, `ShapeError` for other sizes; nothing has changed then.
  void set_state(TensorMap state);

  /// Kind and settings, to be compared with those of a saved training.
  [[nodiscard]] Description describe() const;

 private:
  /// What is kept of each parameter.
  [[nodiscard]] std::vector<std::string> kept() const;

  /// Moving averages of an Adam, this step's gradient included.
  struct Moments {
    const Tensor &first, &second;
    double first_share, second_share;  ///< of what they would be after endless steps
    double steps;
  };

  /// What the names of its state begin with.
  [[nodiscard]] std::string own_prefix() const { return own_.describe().name + "."; }

  [[nodiscard]] double decay_of(const Parameter& parameter) const { return options_.weight_decay * parameter.decay; }
  [[nodiscard]] Tensor with_decay(const Parameter& parameter) const {
    return parameter.value.grad().add(parameter.value, decay_of(parameter));
  }
  static Tensor mean(const Tensor& so_far, const Tensor& now, double beta) {
    return so_far.defined() ? so_far.mul(beta).add(now, 1 - beta) : now.mul(1 - beta);
  }
  Moments moments(const Parameter& parameter, const Tensor& gradient);

  void step_sgd(const Parameter& parameter, double rate);

  void step_adam(const Parameter& parameter, double rate);

  /// **Source** Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2, with a step of plain
  /// momentum where the paper's variance is not defined yet.
  void step_radam(const Parameter& parameter, double rate);

  void step_rms_prop(const Parameter& parameter, double rate);

  void step_own(const Parameter& parameter, double rate);

  ParameterList parameters_;
  Options options_;
  OwnOptimizer own_;
  TensorMap state_;
  std::vector<Tensor> below_;  // the parameters before they climbed
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/optimizers/impl/optimizer.ipp>
#endif
