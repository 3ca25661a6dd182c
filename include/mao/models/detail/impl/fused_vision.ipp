// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/fused_vision.hpp>

#include <ATen/ops/arange.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE std::vector<Tensor> FusedVisionPass::inputs(const Tensor& tokens, const BlockPrompts& prompts) {
  std::vector<Tensor> all{tokens};
  append_parts(prompts, all);
  return all;
}

MAO_INLINE Tensor FusedVisionPass::forward(const Tensor& tokens, bool keep) {
  images_ = tokens.size(0);
  length_ = tokens.size(1);
  kept_.resize(keep ? blocks_->size() : 0);
  ResidualStream x{tokens.flatten(0, 1)};
  for (std::size_t i = 0; i < blocks_->size(); ++i) {
    const Tensor& replacement = prompts_[i].replacement;
    if (replacement.defined()) {
      x = {i == 0 ? x.rows.clone() : x.total()};  // a tensor of this pass's own making
      prompt_rows(x.rows, replacement.size(0)).copy_(replacement);
    }
    if (i + 1 == blocks_->size() && reads_first(keep)) return blocks_->at(i).read_first(x, images_);
    x = blocks_->at(i).forward(x, prompts_[i].attended, attention(i), rows(i), keep ? &kept_[i] : nullptr);
  }
  return x.total();
}

MAO_INLINE std::vector<Tensor> FusedVisionPass::backward(const Tensor& gradient) const {
  std::vector<Tensor> found(1 + 2 * blocks_->size());
  const std::int64_t total = images_ * length_;
  RowsInBoth down = blocks_->front().down(gradient);
  for (std::size_t i = blocks_->size(); i-- > 0;) {
    down = blocks_->at(i).backward(kept_[i], attention(i), rows(i), down);
    found[2 + 2 * i] = down.exact.narrow(0, total, down.exact.size(0) - total).clone();
    down = {down.exact.narrow(0, 0, total), down.copy.narrow(0, 0, total)};
    if (!prompts_[i].replacement.defined()) continue;
    const std::int64_t n = prompts_[i].replacement.size(0);
    found[1 + 2 * i] = prompt_rows(down.exact, n).sum(0);
    prompt_rows(down.exact, n).zero_();
    prompt_rows(down.copy, n).zero_();
  }
  found[0] = down.exact.view({images_, length_, -1});
  return found;
}

MAO_INLINE DenseAttention FusedVisionPass::attention(std::size_t i) const {
  const Tensor& attended = prompts_[i].attended;
  return {images_, length_, blocks_->front().heads(), attended.defined() ? attended.size(0) : 0,
          i + 1 == blocks_->size()};
}

MAO_INLINE BlockRows FusedVisionPass::rows(std::size_t i) const {
  BlockRows result{.live = images_ * length_, .queries = {}};
  if (i + 1 == blocks_->size()) result.queries = at::arange(images_) * length_;
  return result;
}

}  // namespace mao::detail

#endif
