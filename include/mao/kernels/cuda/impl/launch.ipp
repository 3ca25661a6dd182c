// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cuda/launch.hpp>

#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <mao/config.hpp>

namespace mao::cuda {

MAO_INLINE Stream current_stream(const c10::Device& device) {
  const c10::impl::VirtualGuardImpl devices(device.type());
  return static_cast<Stream>(devices.getStream(device).native_handle());
}

MAO_INLINE void expect_like(const Tensor& value, at::IntArrayRef shape, const Tensor& like, const std::string& what) {
  expect_shape(value, shape, what);
  require<ShapeError>(value.scalar_type() == like.scalar_type() && value.device() == like.device(), what, " is ",
                      c10::toString(value.scalar_type()), " on ", value.device().str(), ", expected ",
                      c10::toString(like.scalar_type()), " on ", like.device().str());
}

}  // namespace mao::cuda
