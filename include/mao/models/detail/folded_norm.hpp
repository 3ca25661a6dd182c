// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Batch norms of frozen convolutions, multiplied into them.

#include <string>
#include <utility>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// A convolution and the batch norm behind it as weight and bias of one convolution. Both are names without
/// `.weight`. **Throws** `FormatError` for a negative variance.
std::pair<Tensor, Tensor> folded(const TensorMap& weights, const std::string& convolution, const std::string& norm);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/folded_norm.ipp>
#endif
