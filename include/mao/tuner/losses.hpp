// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The losses of a step and their way back to the parameters, as the backbone's type asks for it.

#include <cmath>
#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/ops.hpp>
#include <mao/tuner/exchange.hpp>
#include <mao/tuner/outputs.hpp>
#include <mao/tuner/shares.hpp>

namespace mao {

/// What a step minimises.
struct Losses {
  Tensor task;       ///< of the regularizer
  Tensor auxiliary;  ///< of the method; undefined when it has none
  Tensor total;
};

/// The task loss over the candidates (columns of `full`), the method's own terms over all that was encoded; those of a
/// part of a batch are made what it `counts`.
template <Backbone BackboneT, class RegularizerT>
Losses losses_of(BackboneT& backbone, const RegularizerT& regularizer, const Output& full, Output& output,
                 const Batch& batch, const LossShare& counts = {}) {
  if constexpr (LabelledLogits<BackboneT>) output.logits = backbone.task_logits(output, batch);
  Output whole = full;
  whole.judged = output.candidates;
  Losses losses{.task = regularizer(output, batch), .auxiliary = backbone.auxiliary_loss(whole, batch), .total = {}};
  if (counts.task != 1) losses.task = losses.task * counts.task;
  if (counts.auxiliary != 1 && losses.auxiliary.defined()) losses.auxiliary = losses.auxiliary * counts.auxiliary;
  if constexpr (WeighsLosses<BackboneT>) {
    losses.total = backbone.total_loss(losses.task, losses.auxiliary);
  } else {
    losses.total = losses.auxiliary.defined() ? losses.task + losses.auxiliary : losses.task;
  }
  return losses;
}

/// Fills in the gradients of the parameters; with `workers` those of the sum of their losses. A backbone that combines
/// gradients is given losses that have the sums already.
template <Backbone BackboneT>
void back_propagate(BackboneT& backbone, const Losses& losses, Workers* workers = nullptr) {
  if constexpr (CombinesLosses<BackboneT>) {
    if (workers == nullptr) return backbone.combine(losses.task, losses.auxiliary);
    if (traits_of(backbone).combines_losses) {
      const ParameterList parameters = backbone.parameters();
      const Tensor auxiliary = whole_loss(*workers, losses.auxiliary, parameters, /*keep_graph=*/true);
      return backbone.combine(whole_loss(*workers, losses.task, parameters, false), auxiliary);
    }
  }
  losses.total.backward();
  if (workers != nullptr) sum_gradients(*workers, backbone.parameters());
}

/// **Throws** `NumericError` naming `where` and the tensor whose gradient, or value, is not finite.
inline void check_finite(const ParameterList& parameters, const std::string& where) {
  const auto finite = [](const Tensor& tensor) { return std::isfinite(tensor.detach().sum().item<double>()); };
  for (const Parameter& parameter : parameters) {
    const Tensor& gradient = parameter.value.grad();
    require<NumericError>(!gradient.defined() || finite(gradient), where, ": the gradient of ", parameter.name,
                          " is not finite; lower the learning rate");
    require<NumericError>(finite(parameter.value), where, ": ", parameter.name,
                          " is not finite; lower the learning rate");
  }
}

}  // namespace mao
