// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/detail/finite.hpp>

#include <cmath>

#include <ATen/ops/aminmax.h>
#include <ATen/ops/isfinite.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE bool is_finite(const Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return true;
  const auto [least, greatest] = at::aminmax(tensor.detach());
  return std::isfinite(least.item<double>()) && std::isfinite(greatest.item<double>());
}

MAO_INLINE void expect_finite(const Tensor& tensor, const std::string& name, const std::string& source) {
  if (is_finite(tensor)) return;
  const auto bad = tensor.numel() - at::isfinite(tensor).sum().item<std::int64_t>();
  throw FormatError(text_of(source, ": ", bad, " of the ", tensor.numel(), " values of ", name,
                            " are NaN or infinite; expected finite weights: download the file again, or use a "
                            "checkpoint from before the training diverged"));
}

}  // namespace mao
