// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Dassl's optimisers, as the reference implementations use them.

#include <limits>
#include <string>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/describe.hpp>
#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>
#include <mao/optimizers/update_rule.hpp>

namespace mao {

/// The kind of optimizer. Weight decay is added to the gradient unless stated otherwise.
enum class OptimizerKind {
  Sgd,      ///< with momentum
  Adam,     ///< with `amsgrad`, the second moment never decreases
  AdamW,    ///< decoupled weight decay: it shrinks the parameter
  RAdam,    ///< Adam that does not use its second moment in the first steps; decay as in AdamW (Dassl)
  RmsProp,  ///< the gradient divided by the root of its mean square, with momentum
};

/// Settings of `Optimizer`; the defaults are Dassl's.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::Sgd;
  double weight_decay = 5e-4;  ///< of every trained tensor, times its own factor
  double momentum = 0.9;       ///< SGD, RMSprop
  double beta1 = 0.9;          ///< Adam, AdamW, RAdam
  double beta2 = 0.999;        ///< Adam, AdamW, RAdam
  double epsilon = 1e-8;       ///< all except SGD; TCP's fp16 release uses 1e-3
  double dampening = 0;        ///< SGD: share of a gradient that the velocity ignores, from the second step on
  bool nesterov = false;       ///< SGD: Nesterov momentum
  bool amsgrad = false;        ///< Adam
  double alpha = 0.99;         ///< RMSprop: decay of the mean square
  double sam_radius = 0;       ///< SAM with any kind: length of the ascent step; 0: no SAM
  static constexpr const char* fields[] = {"kind",      "weight_decay", "momentum", "beta1", "beta2",     "epsilon",
                                           "dampening", "nesterov",     "amsgrad",  "alpha", "sam_radius"};
};

/// The limit for factors of a parameter, which is an fp32 number.
inline constexpr double largest_factor = std::numeric_limits<float>::max();

/// Updates a list of parameters along their gradients.
class Optimizer {
 public:
  using Options = OptimizerOptions;

  /// If `own` is given, that optimizer makes the steps, and of the settings only weight decay and SAM's radius apply.
  /// **Throws** `OptionError` for a setting out of range, and for one that does not apply to your own optimizer.
  explicit Optimizer(ParameterList parameters, Options options = {}, OwnOptimizer own = {});

  /// Clears the gradients.
  void zero_grad() {
    for (Parameter& parameter : parameters_) parameter.value.mutable_grad() = Tensor();
  }

  /// One step; `rate_of` gives the learning rate of each parameter. A parameter without a gradient does not change.
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

  /// True if each step needs a second gradient, after `climb` (SAM).
  [[nodiscard]] bool climbs() const { return options_.sam_radius > 0; }
  /// Moves the parameters by `sam_radius` along the gradients of all of them together. **Source** Foret et al.,
  /// Sharpness-Aware Minimization, equation 2.
  void climb();
  /// Moves them back, bit for bit.
  void climb_down();

  [[nodiscard]] const ParameterList& parameters() const { return parameters_; }

  /// Momentum and moments by `kind.parameter`; together with the parameters, this is the whole state.
  [[nodiscard]] const TensorMap& state() const { return state_; }
  /// Restores a state from any device. **Throws** `OptionError` if it belongs to another kind of optimizer or other
  /// parameters, `ShapeError` for other sizes; the state is then unchanged.
  void set_state(TensorMap state);

  /// Kind and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const;

 private:
  /// The state of each parameter.
  [[nodiscard]] std::vector<std::string> kept() const;

  /// Moving averages of Adam, including this step's gradient.
  struct Moments {
    const Tensor &first, &second;
    double first_share, second_share;  ///< relative to the limit after many steps
    double steps;
  };

  /// The prefix of the names in its state.
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
