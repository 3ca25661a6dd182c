// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cpu/packed_product.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE const OneDnnProduct& OneDnnProduct::instance() {
  static const OneDnnProduct found;
  return found;
}

MAO_INLINE const MklProduct& MklProduct::instance() {
  static const MklProduct found;
  return found;
}

}  // namespace mao::detail
