// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The number format in which the frozen towers compute.

#include <string>

namespace mao {

/// The number format of the frozen towers' matrix products. Residual stream, layer norms, softmax sums, logits, prompts
/// and the optimiser are always fp32.
enum class Precision {
  Fp32,  ///< equal to the reference implementations within the tolerances of their traces
  Bf16,  ///< several times faster if the CPU multiplies bf16 (AMX, AVX-512 BF16); error: docs/performance.md
};

/// `fp32` or `bf16`.
inline std::string to_string(Precision precision) { return precision == Precision::Fp32 ? "fp32" : "bf16"; }

/// **Throws** `OptionError` naming both.
Precision precision_from(const std::string& text);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/precision.ipp>
#endif
