// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/recorded_text_pass.hpp>

#include <algorithm>
#include <compare>

#include <mao/config.hpp>

namespace mao::cuda {

MAO_INLINE PassShape::PassShape(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& of_blocks)
    : bucket(bucket_of(batch.offsets)), groups(batch.prefix.size(0)), prefix(batch.prefix.size(1)) {
  for (const Block& block : blocks) {
    for (const Tensor& weight :
         {block.ln1_weight, block.ln1_bias, block.qkv_weight.cast(), block.qkv_bias, block.out_weight.cast(),
          block.out_bias, block.ln2_weight, block.ln2_bias, block.fc_weight.cast(), block.fc_bias,
          block.proj_weight.cast(), block.proj_bias}) {
      tower.push_back(weight.const_data_ptr());
    }
  }
  std::vector<Tensor> parts;
  mao::detail::append_parts(of_blocks, parts);
  for (const Tensor& part : parts) prompts.push_back(part.defined() ? part.size(0) : 0);
}

}  // namespace mao::cuda
