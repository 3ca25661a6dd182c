// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The losses of a step and their backward pass to the parameters, as the backbone's type asks for it.

#include <string>

#include <mao/backbones/concepts.hpp>
#include <mao/core/detail/ops.hpp>
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

/// The task loss over the candidates (columns of `full`), the method's own terms over all that was encoded; those of a
/// part of a batch are made what it `counts`. **Throws** `PolicyError` for a loss that is no scalar.
template <Backbone BackboneT, class RegularizerT>
Losses losses_of(BackboneT& backbone, const RegularizerT& regularizer, const Output& full, Output& output,
                 const Batch& batch, const LossShare& counts = {}, const StepPlace& place = {}) {
  const auto expected = [&] { return text_of("a scalar loss of logits ", shape_text(output.logits.sizes())); };
  if constexpr (LabelledLogits<BackboneT>) {
    const auto shape = output.logits.sizes().vec();
    output.logits = policy_call(
        place, "the backbone's `task_logits`", [&] { return "logits " + shape_text(shape); },
        [&] { return backbone.task_logits(output, batch); });
    expect_shape(output.logits, shape, text_of(place, ": the backbone's `task_logits`"));
  }
  Output whole = full;
  whole.judged = output.candidates;
  Losses losses{.task = policy_call(place, "the regularizer", expected, [&] { return regularizer(output, batch); }),
                .auxiliary = policy_call(place, "the backbone's `auxiliary_loss`", expected,
                                         [&] { return backbone.auxiliary_loss(whole, batch); }),
                .total = {}};
  check_loss(losses.task, "the regularizer", false, place);
  if (losses.auxiliary.defined()) check_loss(losses.auxiliary, "the backbone's `auxiliary_loss`", false, place);
  if (counts.task != 1) losses.task = losses.task * counts.task;
  if (counts.auxiliary != 1 && losses.auxiliary.defined()) losses.auxiliary = losses.auxiliary * counts.auxiliary;
  if constexpr (WeighsLosses<BackboneT>) {
    losses.total = policy_call(
        place, "the backbone's `total_loss`", [] { return "a scalar"; },
        [&] { return backbone.total_loss(losses.task, losses.auxiliary); });
  } else {
    losses.total = losses.auxiliary.defined() ? losses.task + losses.auxiliary : losses.task;
  }
  check_loss(losses.total, "the backbone's `total_loss`", false, place);
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
