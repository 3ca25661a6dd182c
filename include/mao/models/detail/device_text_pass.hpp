// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where kernels for another device than the CPU enter the text tower; `cuda::use_text_kernels()` enters those for CUDA.

#include <vector>

#include <mao/models/block.hpp>
#include <mao/models/block_prompts.hpp>
#include <mao/models/text_batch.hpp>

namespace mao {

/// Another form of the packed pass.
struct DeviceTextPass {
  /// Whether it can do this one: device, types, activation, prompts.
  bool (*can_take)(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts);

  /// The last token of each row behind all blocks, differentiable. **Shapes** prefix [G, P, W] and suffix [N, W], those
  /// of the batch with positions added -> [R, W].
  Tensor (*encode)(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts,
                   const Tensor& prefix, const Tensor& suffix);
};

/// The form that `TextTower` asks first, or null. It must outlive all towers; set it before the first pass.
const DeviceTextPass*& registered_text_pass();

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/device_text_pass.ipp>
#endif
