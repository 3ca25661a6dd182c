// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/detail/positions.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE void expect_positions(const Candidates& candidates, std::int64_t count, const char* who) {
  for (const std::int64_t id : candidates.ids) {
    require<OptionError>(id >= 0 && id < count, who, ": class ", id, " is asked for; there are ", count,
                         ", numbered from 0");
  }
}

}  // namespace mao
