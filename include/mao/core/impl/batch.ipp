// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/batch.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE std::vector<std::vector<View>> evaluation_views(std::int64_t count, std::int64_t size) {
  std::vector<std::vector<View>> batches;
  for (std::int64_t image = 0; image < count; ++image) {
    if (image % size == 0) batches.emplace_back();
    batches.back().push_back({.image = image});
  }
  return batches;
}

}  // namespace mao
