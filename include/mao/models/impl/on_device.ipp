// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/on_device.hpp>

#include <mao/config.hpp>

namespace mao::cuda {

MAO_INLINE void move_parameters(const ParameterList& parameters, const c10::Device& device) {
  for (const Parameter& parameter : parameters) {
    if (parameter.value.device() != device) parameter.value.set_data(parameter.value.detach().to(device));
  }
}

MAO_INLINE TensorMap moved(TensorMap tensors, const c10::Device& device) {
  for (auto& [name, value] : tensors) value = value.to(device);
  return tensors;
}

}  // namespace mao::cuda
