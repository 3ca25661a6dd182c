// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Refuses weights that are not numbers by the name of their tensor, before anything is computed with them.

#include <string>

#include <mao/core/tensor.hpp>

namespace mao {

/// Whether all entries are finite numbers. Reads the tensor once and keeps nothing.
bool is_finite(const Tensor& tensor);

/// **Throws** `FormatError` naming the tensor and its source, with how many entries are NaN or infinite.
void expect_finite(const Tensor& tensor, const std::string& name, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/finite.ipp>
#endif
