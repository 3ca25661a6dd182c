// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/dpc.hpp>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE DpcOptions DpcOptions::released(double base_weight) {
  return {.base_weight = base_weight,
          .inference = DpcInference::ReleasedPureParallel,
          .trained = DpcParametrisation::Released,
          .host_terms = false};
}

}  // namespace mao
