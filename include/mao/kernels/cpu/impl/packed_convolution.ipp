// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cpu/packed_convolution.hpp>

#include <array>
#include <exception>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE const OneDnnConvolution& OneDnnConvolution::instance() {
  static const OneDnnConvolution found;
  return found;
}

MAO_INLINE OneDnnConvolution::OneDnnConvolution() {
  auto& dispatcher = c10::Dispatcher::singleton();
  const auto pack = dispatcher.findSchema({"mkldnn::_reorder_convolution_weight", ""});
  const auto alone = dispatcher.findSchema({"mkldnn::_convolution_pointwise", ""});
  const auto added = dispatcher.findSchema({"mkldnn::_convolution_pointwise", "binary"});
  if (!pack || !alone || !added || !pack->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return;
  pack_ = pack->typed<Pack>();
  alone_ = alone->typed<Alone>();
  added_ = added->typed<Added>();
  fp32_ = works(at::kFloat);
  bf16_ = works(at::kBFloat16);
}

MAO_INLINE bool OneDnnConvolution::works(at::ScalarType type) const {
  try {
    const at::NoGradGuard none;
    const Tensor x = at::ones({1, 16, 4, 4}, type).contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor packed = pack(at::ones({16, 16, 1, 1}, type), x, {});
    return convolve(x, packed, at::ones({16}, type), x, {}, true).defined();
  } catch (const std::exception&) {
    return false;
  }
}

MAO_INLINE Tensor OneDnnConvolution::pack(const Tensor& weight, const Tensor& x, const ConvolutionShape& shape) const {
  const std::array padding{shape.padding, shape.padding}, stride{shape.stride, shape.stride};
  const std::array<std::int64_t, 2> dilation{1, 1};
  return pack_->call(weight, padding, stride, dilation, 1, x.sizes());
}

MAO_INLINE Tensor OneDnnConvolution::convolve(const Tensor& x, const Tensor& packed, const Tensor& bias,
                                              const Tensor& shortcut, const ConvolutionShape& shape, bool relu) const {
  const std::array padding{shape.padding, shape.padding}, stride{shape.stride, shape.stride};
  const std::array<std::int64_t, 2> dilation{1, 1};
  if (!shortcut.defined()) {
    return alone_->call(x, packed, bias, padding, stride, dilation, 1, relu ? "relu" : "none", Scalars(), "");
  }
  const std::optional<std::string_view> after = relu ? std::optional<std::string_view>("relu") : std::nullopt;
  return added_->call(x, shortcut, packed, bias, padding, stride, dilation, 1, "add", at::Scalar(1.0), after, Scalars(),
                      "");
}

}  // namespace mao::detail
