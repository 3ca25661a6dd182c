// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How a fused pass becomes part of autograd's graph, with what it kept or, to save memory, computed again.

#include <cstddef>
#include <memory>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/detail/own_gradient.hpp>
#include <mao/models/detail/fused_block.hpp>

namespace mao::detail {

/// Bytes that blocks keep of a token for its backward pass: input, queries, keys and values, middle, slope.
inline std::size_t kept_bytes_per_token(std::int64_t width, std::int64_t mlp, std::int64_t layers,
                                        Precision precision) {
  const std::size_t product = precision == Precision::Bf16 ? 2 : 4;
  return static_cast<std::size_t>(layers) * (static_cast<std::size_t>(width) * 2 * sizeof(float) +
                                             static_cast<std::size_t>(3 * width + mlp) * product);
}

#if MAO_HAS_AVX512_KERNELS

/// `make()` gives a pass, `run(pass, keep)` its value. With `again` nothing is kept; the backward pass begins by
/// running the pass again: the same numbers for a fraction of the memory.
template <class Make, class Run>
Tensor run_pass(const std::vector<Tensor>& inputs, bool again, const Make& make, const Run& run) {
  const bool differentiated = any_differentiated(inputs);
  auto pass = make();
  Tensor value;
  {
    const at::NoGradGuard own;
    value = run(*pass, differentiated && !again);
  }
  if (!differentiated) return value;
  if (!again) return own_gradient(value, inputs, [pass](const Tensor& gradient) { return pass->backward(gradient); });
  return own_gradient(value, inputs, [make, run](const Tensor& gradient) {
    const auto once_more = make();
    static_cast<void>(run(*once_more, true));
    return once_more->backward(gradient);
  });
}

/// The fused form of a tower's blocks, shared by its copies and by what they kept.
std::shared_ptr<const std::vector<FusedBlock>> fused_blocks(const std::vector<Block>& blocks, Precision precision);

/// Whether the kernels compute blocks like these: rows of 16 k floats, one of the two GELUs that they have, their
/// epsilon. What attends brings its own condition.
bool kernels_know(const std::vector<Block>& blocks);

/// Whether the kernels can take `tokens` on this CPU.
inline bool kernels_fit(const Tensor& tokens) {
  return instruction_set() >= InstructionSet::Avx512 && tokens.is_cpu() && tokens.scalar_type() == at::kFloat;
}

#endif

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/fused_pass.ipp>
#endif
