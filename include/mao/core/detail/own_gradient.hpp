// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Values computed outside of autograd that bring their own backward pass.

#include <algorithm>
#include <functional>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/tensor.hpp>

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
  return std::ranges::any_of(values, is_differentiated);
}

/// `value` as a differentiable function of `inputs`, through `backward`, which runs each time a gradient arrives. The
/// inputs may be undefined or need no gradient. There are no second derivatives.
///
/// This is what torch::autograd::Function is for, whose header costs every user 3 seconds a file. The graph here is a
/// sum over no elements of each input, added to `value`: its gradient, zero, is exchanged by a hook.
Tensor own_gradient(const Tensor& value, const std::vector<Tensor>& inputs, OwnBackward backward);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/own_gradient.ipp>
#endif
