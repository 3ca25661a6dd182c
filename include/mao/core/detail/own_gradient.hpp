// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Values computed outside of autograd that bring their own backward pass.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/alias.h>

#include <mao/core/detail/ops.hpp>

namespace mao {

/// From the gradient of a value to the gradients of its inputs, in their order and of their shapes; those of inputs
/// that need none may be undefined.
using OwnBackward = std::function<std::vector<Tensor>(const Tensor& gradient)>;

/// Whether autograd records what is done with `value` now.
inline bool is_differentiated(const Tensor& value) {
  return at::GradMode::is_enabled() && value.defined() && value.requires_grad();
}

/// Whether it records what is done with any of them.
inline bool any_differentiated(const std::vector<Tensor>& values) {
  return std::any_of(values.begin(), values.end(), is_differentiated);
}

/// `value` as a differentiable function of `inputs`, through `backward`, which runs each time a gradient arrives. The
/// inputs may be undefined or need no gradient. There are no second derivatives.
///
/// This is what torch::autograd::Function is for, whose header costs every user 3 seconds a file. The graph here is a
/// sum over no elements of each input, added to `value`: its gradient, zero, is exchanged by a hook.
inline Tensor own_gradient(const Tensor& value, const std::vector<Tensor>& inputs, OwnBackward backward) {
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
