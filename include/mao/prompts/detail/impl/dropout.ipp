// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/detail/dropout.hpp>

#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE Tensor dropout(const Tensor& x, double fraction, Rng rng) {
  require<OptionError>(fraction >= 0 && fraction < 1, "dropout of ", fraction, ", expected 0 to below 1");
  if (fraction == 0 || !at::GradMode::is_enabled()) return x;
  const auto kept = static_cast<float>(1 / (1 - fraction));
  std::vector<float> factors(static_cast<std::size_t>(x.numel()));
  for (float& factor : factors) factor = rng.uniform() < fraction ? 0.0F : kept;
  return x * at::tensor(factors).view(x.sizes()).to(x.device());
}

}  // namespace mao
