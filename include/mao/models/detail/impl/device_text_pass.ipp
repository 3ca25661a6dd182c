// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/device_text_pass.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE const DeviceTextPass*& registered_text_pass() {
  static const DeviceTextPass* registered = nullptr;
  return registered;
}

}  // namespace mao
