// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/compare.hpp>

#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Output compare(const Tensor& image, const Tensor& text, double scale, const Candidates& candidates) {
  Output output;
  output.image = image;
  output.text = text;
  output.scale = at::scalar_tensor(scale, image.options());
  output.logits = at::matmul(image, text.t()) * scale;
  output.candidates = candidates;
  return output;
}

}  // namespace mao
