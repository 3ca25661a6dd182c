// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/losses.hpp>

#include <cmath>

#include <mao/backbones/detail/finite.hpp>
#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/tuner/detail/outputs.hpp>

namespace mao {

MAO_INLINE Losses detail::losses_of(BackboneCalls& backbone, const TaskLoss& task_loss, const Output& full,
                                    Output& output, const Batch& batch, const LossShare& counts,
                                    const StepPlace& place) {
  const auto expected = [&] { return text_of("a scalar loss of logits ", shape_text(output.logits.sizes())); };
  if (backbone.offers.labelled_logits) {
    const auto shape = output.logits.sizes().vec();
    output.logits = policy_call(
        place, "the backbone's `task_logits`", [&] { return "logits " + shape_text(shape); },
        [&] { return backbone.task_logits(output, batch); });
    expect_shape(output.logits, shape, text_of(place, ": the backbone's `task_logits`"));
  }
  Output whole = full;
  whole.judged = output.candidates;
  Losses losses{.task = policy_call(place, "the regularizer", expected, [&] { return task_loss(output, batch); }),
                .auxiliary = policy_call(place, "the backbone's `auxiliary_loss`", expected,
                                         [&] { return backbone.auxiliary_loss(whole, batch); }),
                .total = {}};
  check_loss(losses.task, "the regularizer", false, place);
  if (losses.auxiliary.defined()) check_loss(losses.auxiliary, "the backbone's `auxiliary_loss`", false, place);
  if (counts.task != 1) losses.task = losses.task * counts.task;
  if (counts.auxiliary != 1 && losses.auxiliary.defined()) losses.auxiliary = losses.auxiliary * counts.auxiliary;
  if (backbone.offers.weighs_losses) {
    losses.total = policy_call(
        place, "the backbone's `total_loss`", [] { return "a scalar"; },
        [&] { return backbone.total_loss(losses.task, losses.auxiliary); });
  } else {
    losses.total = losses.auxiliary.defined() ? losses.task + losses.auxiliary : losses.task;
  }
  check_loss(losses.total, "the backbone's `total_loss`", false, place);
  return losses;
}

MAO_INLINE void detail::back_propagate(BackboneCalls& backbone, const Losses& losses, Workers* workers) {
  if (backbone.offers.combines_losses) {
    if (workers == nullptr) return backbone.combine(losses.task, losses.auxiliary);
    if (backbone.traits().combines_losses) {
      const ParameterList parameters = backbone.parameters();
      const Tensor auxiliary = whole_loss(*workers, losses.auxiliary, parameters, /*keep_graph=*/true);
      return backbone.combine(whole_loss(*workers, losses.task, parameters, false), auxiliary);
    }
  }
  losses.total.backward();
  if (workers != nullptr) sum_gradients(*workers, backbone.parameters());
}

MAO_INLINE void check_finite(const ParameterList& parameters, const std::string& where, bool updated) {
  const char* advice = updated ? "; lower the learning rate"
                               : "; nothing has been trained yet, so the learning rate is "
                                 "not to blame: look at the loss and the features";
  for (const Parameter& parameter : parameters) {
    const Tensor& gradient = parameter.value.grad();
    require<NumericError>(!gradient.defined() || all_finite(gradient), where, ": the gradient of ", parameter.name,
                          " is not finite", advice);
    require<NumericError>(all_finite(parameter.value), where, ": ", parameter.name, " is not finite", advice);
  }
}

MAO_INLINE std::string why_not_finite(const ParameterList& parameters, const ImageBatch& images, const Output& full,
                                      const Losses& losses, const ClassList& classes, bool updated,
                                      bool frozen_images) {
  const std::string lower = "; lower the learning rate, or train in fp32 if a lower precision was asked for";
  if (const auto name = first_bad_parameter(parameters); !name.empty()) return name + " was not finite first" + lower;
  if (const auto bad = bad_input(images); !bad.empty()) return bad + " are not finite: they were loaded so";
  const std::string bad = bad_output(full, classes);
  const bool of_weights = !updated || (frozen_images && !all_finite(full.image));
  if (!bad.empty()) {
    return bad + " were not finite first" +
           (of_weights ? "; what was learned is finite, so the model's weights (or the "
                         "precision they are computed in) are to blame"
                       : lower);
  }
  const char* loss = all_finite(losses.task) ? (all_finite(losses.auxiliary) ? "the total of finite losses"
                                                                             : "the backbone's auxiliary loss")
                                             : "the regularizer's loss, of logits that are finite,";
  return text_of(loss, " was not finite first", updated ? lower : "");
}

}  // namespace mao
