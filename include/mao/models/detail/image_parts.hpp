// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A batch of pictures through an image tower, a few at a time.

#include <cstdint>
#include <vector>

#include <ATen/ops/cat.h>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// `encode(pixels)` in parts of `few` pictures, which limits the memory. For passes without a gradient: one that is
/// differentiated keeps its intermediate results in any case. **Shapes** pixels [B, ...] -> [B, ...].
template <class Encode>
Tensor encode_in_parts(const Tensor& pixels, std::int64_t few, const Encode& encode) {
  if (pixels.size(0) <= few) return encode(pixels);
  std::vector<Tensor> parts;
  for (const Tensor& part : pixels.split(few)) parts.push_back(encode(part));
  return at::cat(parts);
}

/// Pictures that keep intermediate results of a transformer or a ResNet in the cache.
inline constexpr std::int64_t few_images = 8;

}  // namespace mao::detail
