// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/fused_pass.hpp>

#include <utility>

#include <mao/config.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE std::shared_ptr<const std::vector<FusedBlock>> fused_blocks(const std::vector<Block>& blocks,
                                                                       Precision precision) {
  auto fused = std::make_shared<std::vector<FusedBlock>>();
  for (const Block& block : blocks) fused->emplace_back(block, precision, &block == &blocks.back());
  return fused;
}

MAO_INLINE bool kernels_know(const std::vector<Block>& blocks) {
  const Block& block = blocks.front();
  return block.width() % 16 == 0 && block.mlp_width() % 16 == 0 && block.activation != Activation::GeluTanh &&
         static_cast<float>(block.epsilon) == rows::layer_norm_epsilon;
}

}  // namespace mao::detail

#endif
