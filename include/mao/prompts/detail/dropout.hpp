// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Dropout whose draws come from a named stream, so that a run can be repeated and resumed.

#include <mao/core/random.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// `x` with each entry set to 0 by chance `fraction` and the others divided by `1 - fraction`.
///
/// Does nothing while gradients are disabled (an evaluation). The same stream drops the same entries.
/// **Throws** `OptionError` for a fraction outside [0, 1).
Tensor dropout(const Tensor& x, double fraction, Rng rng);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/detail/impl/dropout.ipp>
#endif
