// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The losses of a step and their way back to the parameters, as the backbone's type asks for it.

#include <cmath>
#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/ops.hpp>
#include <mao/tuner/outputs.hpp>

namespace mao {

/// What a step minimises.
struct Losses {
  Tensor task;       ///< of the regularizer
  Tensor auxiliary;  ///< of the method; undefined when it has none
  Tensor total;
};

/// The task loss over the candidates (columns of `full`), the method's own terms over all that was encoded.
template <Backbone BackboneT, class RegularizerT>
Losses losses_of(BackboneT& backbone, const RegularizerT& regularizer, const Output& full, Output& output,
                 const Batch& batch) {
  if constexpr (LabelledLogits<BackboneT>) output.logits = backbone.task_logits(output, batch);
  Output whole = full;
  whole.judged = output.candidates;
  Losses losses{.task = regularizer(output, batch), .auxiliary = backbone.auxiliary_loss(whole, batch), .total = {}};
  if constexpr (WeighsLosses<BackboneT>) {
    losses.total = backbone.total_loss(losses.task, losses.auxiliary);
  } else {
    losses.total = losses.auxiliary.defined() ? losses.task + losses.auxiliary : losses.task;
  }
  return losses;
}

/// Fills in the gradients of the parameters.
template <Backbone BackboneT>
void back_propagate(BackboneT& backbone, const Losses& losses) {
  if constexpr (CombinesLosses<BackboneT>) {
    backbone.combine(losses.task, losses.auxiliary);
  } else {
    losses.total.backward();
  }
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
