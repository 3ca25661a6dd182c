// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The blocks of the image tower as the CPU computes them fastest, with their way back to prompts.

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/ops/arange.h>

#include <mao/clip/block_prompts.hpp>
#include <mao/clip/dense_attention.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// A few images at a time, so that what lies between two products stays in the cache.
class FusedVisionPass {
 public:
  /// Images that are computed together.
  static constexpr std::int64_t few = 8;

  FusedVisionPass(std::shared_ptr<const std::vector<FusedBlock>> blocks, const BlockPrompts& prompts)
      : blocks_(std::move(blocks)) {
    for (std::size_t i = 0; i < blocks_->size(); ++i) {
      const BlockPrompt prompt = prompt_of(prompts, i);
      prompts_.push_back({detached(prompt.replacement), detached(prompt.attended)});
    }
  }

  /// What `backward` gives gradients for: the tokens that enter, and of each block its replacement and attended tokens.
  [[nodiscard]] static std::vector<Tensor> inputs(const Tensor& tokens, const BlockPrompts& prompts) {
    std::vector<Tensor> all{tokens};
    for (const BlockPrompt& prompt : prompts) {
      all.push_back(prompt.replacement);
      all.push_back(prompt.attended);
    }
    return all;
  }

  /// **Shapes** tokens [B, L, W] -> [B, W], the first token of each image.
  Tensor forward(const Tensor& tokens, bool keep) {
    std::vector<Tensor> parts;
    for (const Tensor& part : tokens.split(few)) {
      Part kept{.images = part.size(0), .length = part.size(1), .blocks = {}};
      kept.blocks.resize(keep ? blocks_->size() : 0);
      parts.push_back(forward(part, kept));
      if (keep) parts_.push_back(std::move(kept));
    }
    return at::cat(parts);
  }

  /// From the gradient of what `forward` gave, [B, W], to those of `inputs`.
  [[nodiscard]] std::vector<Tensor> backward(const Tensor& gradient) const {
    std::vector<Tensor> found(1 + 2 * blocks_->size()), tokens;
    std::int64_t begin = 0;
    for (const Part& part : parts_) {
      tokens.push_back(backward(gradient.narrow(0, begin, part.images), part, found));
      begin += part.images;
    }
    found[0] = at::cat(tokens);
    return found;
  }

 private:
  struct Part {
    std::int64_t images = 0, length = 0;
    std::vector<KeptBlock> blocks;
  };

  static Tensor detached(const Tensor& x) { return x.defined() ? x.detach() : x; }

  [[nodiscard]] DenseAttention attention(const Part& part, std::size_t i) const {
    const Tensor& attended = prompts_[i].attended;
    return {part.images, part.length, attended.defined() ? attended.size(0) : 0, i + 1 == blocks_->size()};
  }
  [[nodiscard]] BlockRows rows(const Part& part, std::size_t i) const {
    BlockRows result{.live = part.images * part.length, .queries = {}};
    if (i + 1 == blocks_->size()) result.queries = at::arange(part.images) * part.length;
    return result;
  }
  /// The last n tokens of each image, a view. **Shape** [B, n, W].
  static Tensor prompt_rows(const Tensor& x, const Part& part, std::int64_t n) {
    return x.view({part.images, part.length, -1}).narrow(1, part.length - n, n);
  }

  Tensor forward(const Tensor& tokens, Part& part) const {
    Tensor x = tokens.flatten(0, 1);
    for (std::size_t i = 0; i < blocks_->size(); ++i) {
      const Tensor& replacement = prompts_[i].replacement;
      if (replacement.defined()) {
        if (i == 0) x = x.clone();
        prompt_rows(x, part, replacement.size(0)).copy_(replacement);
      }
      KeptBlock* kept = part.blocks.empty() ? nullptr : &part.blocks[i];
      x = blocks_->at(i).forward(x, prompts_[i].attended, attention(part, i), rows(part, i), kept);
    }
    return x;
  }

  /// Adds to the gradients of prompts in `found`, gives that of the tokens.
  Tensor backward(const Tensor& gradient, const Part& part, std::vector<Tensor>& found) const {
    const auto add = [&](std::size_t to, const Tensor& more) {
      found[to] = found[to].defined() ? found[to] + more : more.clone();
    };
    const std::int64_t total = part.images * part.length;
    DownGradient down = blocks_->front().down(gradient);
    for (std::size_t i = blocks_->size(); i-- > 0;) {
      down = blocks_->at(i).backward(part.blocks[i], attention(part, i), rows(part, i), down);
      if (prompts_[i].attended.defined()) add(2 + 2 * i, down.sum.narrow(0, total, down.sum.size(0) - total));
      down = {down.sum.narrow(0, 0, total), down.copy.narrow(0, 0, total)};
      if (!prompts_[i].replacement.defined()) continue;
      const std::int64_t n = prompts_[i].replacement.size(0);
      add(1 + 2 * i, prompt_rows(down.sum, part, n).sum(0));
      prompt_rows(down.sum, part, n).zero_();
      prompt_rows(down.copy, part, n).zero_();
    }
    return down.sum.view({part.images, part.length, -1});
  }

  std::shared_ptr<const std::vector<FusedBlock>> blocks_;
  std::vector<BlockPrompt> prompts_;
  std::vector<Part> parts_;
};

}  // namespace mao::detail

#endif
