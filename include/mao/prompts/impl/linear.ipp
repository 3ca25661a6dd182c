// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/linear.hpp>

#include <cmath>
#include <utility>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE Tensor uniform_tensor(const std::vector<std::int64_t>& shape, double bound, Rng rng) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(rng.uniform(-bound, bound));
  return at::tensor(values).view(shape);
}

MAO_INLINE Linear::Linear(std::string name, std::int64_t in, std::int64_t out, const Rng& rng, Bias bias)
    : name_(std::move(name)) {
  require<OptionError>(in > 0 && out > 0, name_, ": a map from ", in, " to ", out,
                       " numbers; both are at least 1, so choose a larger width");
  const Rng own = rng[name_];
  const double bound = 1.0 / std::sqrt(static_cast<double>(in));
  weight_ = parameter(uniform_tensor({out, in}, bound, own["weight"]));
  if (bias == Bias::Yes) bias_ = parameter(uniform_tensor({out}, bound, own["bias"]));
}

MAO_INLINE void Linear::append_to(ParameterList& list, double rate) const {
  list.push_back({name_ + ".weight", weight_, rate});
  if (bias_.defined()) list.push_back({name_ + ".bias", bias_, rate});
}

}  // namespace mao
