// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Finds a device by its name, or throws an error that says why it is not available.

#include <cstdint>
#include <string_view>

#include <c10/core/Device.h>

namespace mao::cuda {

/// The devices of LibTorch in this program.
struct DevicesFound {
  bool has_cuda = false;   ///< LibTorch's CUDA part is linked
  std::int64_t count = 0;  ///< number of CUDA devices that the driver reports

  static DevicesFound here();
};

/// `cpu`, `cuda` (the first one) or `cuda:N`.
///
/// **Throws** `OptionError` for another name, a program without LibTorch's CUDA part, a machine without a device, or a
/// number that is too large.
c10::Device device_named(std::string_view name, const DevicesFound& found = DevicesFound::here());

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/device.ipp>
#endif
