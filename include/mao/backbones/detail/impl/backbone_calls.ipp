// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/backbone_calls.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE ClassList classes_by_shape(const ParameterList& parameters, const ClassList& classes) {
  for (const Parameter& parameter : parameters) {
    if (parameter.value.defined() && parameter.value.dim() > 0 && parameter.value.size(0) == classes.size()) {
      return classes;
    }
  }
  return {};
}

}  // namespace mao::detail
