// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/configured.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE void ClipConfiguration::check(const ClipArchitecture& found) const {
  for (const Size& stated : sizes) {
    require<FormatError>(found.*stated.size == stated.value, stated.key, " means ", stated.value,
                         ", the checkpoint's tensors have ", found.*stated.size,
                         ": they belong to different models; expected the configuration of this checkpoint");
  }
}

}  // namespace mao
