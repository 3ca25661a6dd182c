// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/labelers/class_probabilities.hpp>

#include <cstdint>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE PseudoLabels most_likely(const Tensor& probabilities) {
  const auto [confidence, winner] = probabilities.to(at::kFloat).cpu().max(1);
  const auto* label = winner.const_data_ptr<std::int64_t>();
  const auto* sure = confidence.const_data_ptr<float>();
  PseudoLabels result;
  result.labels.assign(label, label + winner.numel());
  result.confidence.assign(sure, sure + confidence.numel());
  return result;
}

}  // namespace mao
