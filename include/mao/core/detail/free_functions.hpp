// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The free functions of ATen that templates need, declared here: a header of `ATen/ops` costs each file that includes
/// one a second and 300 MB. Bodies that are not templates include ATen's own.

#include <cstdint>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// `at::tensor`: integers as a tensor [N] of 64 bits, on the CPU.
Tensor id_tensor(const std::vector<std::int64_t>& ids);

/// `at::cat`, `at::stack`.
Tensor joined_rows(const std::vector<Tensor>& parts, std::int64_t dimension = 0);
Tensor stacked(const std::vector<Tensor>& parts);

/// `at::zeros_like`.
Tensor zeros_like(const Tensor& tensor);

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/detail/impl/free_functions.ipp>
#endif
