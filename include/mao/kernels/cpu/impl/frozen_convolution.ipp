// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cpu/frozen_convolution.hpp>

#include <array>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/relu.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/kernels/cpu/packed_convolution.hpp>

namespace mao {

MAO_INLINE FrozenConvolution::FrozenConvolution(const Tensor& weight, const Tensor& bias, Precision precision,
                                                std::int64_t stride)
    : stride_(stride), pack_(std::make_shared<Pack>()) {
  const at::ScalarType type = precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat;
  weight_ = weight.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  bias_ = bias.to(type);
}

MAO_INLINE Tensor FrozenConvolution::run(const Tensor& x, const Tensor& shortcut, bool relu) const {
  const detail::ConvolutionShape shape{.stride = stride_, .padding = weight_.size(2) / 2};
  const auto& packed = detail::OneDnnConvolution::instance();
  const bool differentiated = at::GradMode::is_enabled() && x.requires_grad();
  if (x.is_cpu() && !differentiated && packed.convolves(x.scalar_type())) {
    std::call_once(pack_->once, [&] { pack_->weight = packed.pack(weight_, x, shape); });
    return packed.convolve(x, pack_->weight, bias_, shortcut, shape, relu);
  }
  const std::array stride{stride_, stride_}, padding{shape.padding, shape.padding};
  Tensor result = at::conv2d(x, weight_, bias_, stride, at::IntArrayRef(padding));
  if (shortcut.defined()) result = at::add(result, shortcut);
  return relu ? at::relu(result) : result;
}

}  // namespace mao
