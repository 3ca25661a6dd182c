// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Tensors: LibTorch's own type from its cheapest header (only methods, with autograd), and a few helpers that every
/// folder needs. Include core/detail/ops.hpp for `+ - * /` and the single `ATen/ops/NAME.h` for a free function.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

namespace mao {

using Tensor = at::Tensor;  ///< the same type as torch::Tensor

/// Tensors by name, sorted.
using TensorMap = std::map<std::string, Tensor>;

/// A trainable tensor with the name it is saved under.
struct Parameter {
  std::string name;
  Tensor value;
  double rate = 1;   ///< multiple of the schedule's learning rate
  double decay = 1;  ///< multiple of the optimizer's weight decay
};
using ParameterList = std::vector<Parameter>;

/// A detached fp32 copy of `value` that trains. All leaves are made by this function, because ATen's factory functions
/// silently ignore `requires_grad`.
inline Tensor parameter(const Tensor& value) {
  return value.detach().to(at::kFloat).clone().contiguous().requires_grad_(true);
}

/// `[4, 512]`: a shape as text for error messages.
std::string shape_text(at::IntArrayRef shape);

/// Throws a `ShapeError` unless `value` has that shape; -1 matches any extent. `what` names the function and the
/// argument.
void expect_shape(const Tensor& value, at::IntArrayRef expected, const std::string& what);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/tensor.ipp>
#endif
