// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The losses of a step and their backward pass to the parameters, as the backbone's type asks for it.

#include <functional>
#include <string>

#include <mao/backbones/detail/backbone_calls.hpp>
#include <mao/core/detail/policy_call.hpp>
#include <mao/parallel/exchange.hpp>
#include <mao/parallel/shares.hpp>
#include <mao/tuner/detail/checks.hpp>

namespace mao {

/// What a step minimises.
struct Losses {
  Tensor task;       ///< of the regularizer
  Tensor auxiliary;  ///< of the method; undefined when it has none
  Tensor total;
};

namespace detail {

/// The loss of a regularizer.
using TaskLoss = std::function<Tensor(const Output& output, const Batch& batch)>;

Losses losses_of(BackboneCalls& backbone, const TaskLoss& task_loss, const Output& full, Output& output,
                 const Batch& batch, const LossShare& counts, const StepPlace& place);
void back_propagate(BackboneCalls& backbone, const Losses& losses, Workers* workers);

}  // namespace detail

/// The task loss over the candidates (columns of `full`), the method's own terms over all that was encoded; those of a
/// part of a batch are made what it `counts`. **Throws** `PolicyError` for a loss that is not a scalar.
template <Backbone BackboneT, class RegularizerT>
Losses losses_of(BackboneT& backbone, const RegularizerT& regularizer, const Output& full, Output& output,
                 const Batch& batch, const LossShare& counts = {}, const StepPlace& place = {}) {
  detail::CallsOf<BackboneT> calls(backbone);
  return detail::losses_of(calls, std::cref(regularizer), full, output, batch, counts, place);
}

/// Fills in the gradients of the parameters; with `workers` those of the sum of their losses. A backbone that combines
/// gradients is given losses that have the sums already.
template <Backbone BackboneT>
void back_propagate(BackboneT& backbone, const Losses& losses, Workers* workers = nullptr) {
  detail::CallsOf<BackboneT> calls(backbone);
  detail::back_propagate(calls, losses, workers);
}

/// **Throws** `NumericError` naming `where` and the tensor whose gradient, or value, is not finite. `updated`: the
/// parameters were changed by a step before, so that a lower learning rate can help.
void check_finite(const ParameterList& parameters, const std::string& where, bool updated = true);

/// Why a loss is not finite: what was not finite first, in the order in which a step computes.
///
/// A lower learning rate is advised only where training itself can be the reason: `updated`, and the inputs are finite.
std::string why_not_finite(const ParameterList& parameters, const ImageBatch& images, const Output& full,
                           const Losses& losses, const ClassList& classes, bool updated, bool frozen_images);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/losses.ipp>
#endif
