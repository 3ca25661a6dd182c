// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/batch.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::vector<std::vector<View>> evaluation_views(std::int64_t count, std::int64_t size) {
  require<OptionError>(count >= 0, "evaluation views: asked for ", count, " images; expected 0 or more");
  require<OptionError>(size >= 1, "evaluation views: asked for batches of ", size,
                       " images; expected at least one, such as 100");
  std::vector<std::vector<View>> batches;
  for (std::int64_t image = 0; image < count; ++image) {
    if (image % size == 0) batches.emplace_back();
    batches.back().push_back({.image = image});
  }
  return batches;
}

}  // namespace mao
