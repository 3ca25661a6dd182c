// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/schedules/warm_up.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE void check_epoch(int epoch, int epochs, const char* name) {
  require<OptionError>(epoch >= 0 && epoch < epochs, name, ": epoch ", epoch, " of ", epochs, ", expected 0 to ",
                       epochs - 1);
}

}  // namespace mao::detail
