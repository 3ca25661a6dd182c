// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/own_gradient.hpp>

#include <cstdint>
#include <memory>
#include <utility>

#include <ATen/ops/alias.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Tensor own_gradient(const Tensor& value, const std::vector<Tensor>& inputs, OwnBackward backward) {
  auto gradients = std::make_shared<std::vector<Tensor>>();
  Tensor result = value.detach();
  bool any = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_differentiated(inputs[i])) continue;
    const Tensor input = at::alias(inputs[i]);  // a node of this function's own: the hook changes no other path
    input.register_hook([gradients, i](const Tensor& none) {
      const Tensor& found = gradients->at(i);
      return found.defined() ? found : none;
    });
    result = result + input.flatten().narrow(0, 0, 0).sum();
    any = true;
  }
  if (any) {
    result.register_hook([gradients, backward = std::move(backward)](const Tensor& gradient) {
      *gradients = backward(gradient);
      return gradient;
    });
  }
  return result;
}

}  // namespace mao
