// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/losses.hpp>

#include <cmath>

#include <mao/backbones/detail/finite.hpp>
#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/tuner/detail/outputs.hpp>

namespace mao {

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
