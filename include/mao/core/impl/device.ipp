// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/device.hpp>

#include <charconv>
#include <string>

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::cuda {

MAO_INLINE DevicesFound DevicesFound::here() {
  const auto* cuda = c10::impl::device_guard_impl_registry[static_cast<std::size_t>(at::kCUDA)].load();
  return {cuda != nullptr, cuda == nullptr ? 0 : static_cast<std::int64_t>(cuda->deviceCount())};
}

MAO_INLINE c10::Device device_named(std::string_view name, const DevicesFound& found) {
  if (name == "cpu") return {at::kCPU};
  constexpr std::string_view cuda = "cuda";
  int index = 0;
  bool understood = name == cuda;
  if (name.starts_with("cuda:") && name.size() <= 7) {
    const auto* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + cuda.size() + 1, end, index);
    understood = error == std::errc() && rest == end && index >= 0;
  }
  require<OptionError>(understood, "device ", name, ": expected cpu, cuda or cuda:N");
  require<OptionError>(found.has_cuda, "device ", name, ": this program was built with a LibTorch that has no usable ",
                       "CUDA part; run scripts/setup --cuda (about 5 GB), configure and build again, or use cpu");
  require<OptionError>(found.count > 0, "device ", name,
                       ": LibTorch has its CUDA part, but the driver shows no device; ",
                       "check nvidia-smi and CUDA_VISIBLE_DEVICES, or use cpu");
  require<OptionError>(
      index < found.count, "device ", name, ": there ", found.count == 1 ? "is " : "are ", found.count,
      found.count == 1 ? " CUDA device, cuda:0" : text_of(" CUDA devices, cuda:0 to cuda:", found.count - 1));
  return {at::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

}  // namespace mao::cuda
