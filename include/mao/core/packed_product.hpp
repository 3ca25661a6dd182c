// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Matrix products with weights packed beforehand. LibTorch has them for its compiler, under names without promise, so
/// they are looked up when the program runs and done without where there are none.

#include <optional>
#include <string_view>

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// oneDNN's, in fp32 and bf16, for any number of rows.
class OneDnnProduct {
 public:
  static const OneDnnProduct& instance() {
    static const OneDnnProduct found;
    return found;
  }

  [[nodiscard]] bool available() const { return pack_.has_value() && multiply_.has_value(); }

  /// Packs a weight [out, in] for products with about `rows` rows.
  [[nodiscard]] Tensor pack(const Tensor& weight, std::int64_t rows) const {
    return pack_->call(weight.contiguous(), rows);
  }
  /// **Shapes** x [M, in], bias [out] or none -> [M, out].
  [[nodiscard]] Tensor multiply(const Tensor& x, const Tensor& packed, const std::optional<Tensor>& bias) const {
    return multiply_->call(x, packed, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
  }

 private:
  using Pack = Tensor(const Tensor&, std::optional<std::int64_t>);
  using Multiply = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view,
                          c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);

  OneDnnProduct() {
    auto& dispatcher = c10::Dispatcher::singleton();
    const auto pack = dispatcher.findSchema({"mkldnn::_reorder_linear_weight", ""});
    const auto multiply = dispatcher.findSchema({"mkldnn::_linear_pointwise", ""});
    if (!pack || !multiply || !pack->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return;
    pack_ = pack->typed<Pack>();
    multiply_ = multiply->typed<Multiply>();
  }

  std::optional<c10::TypedOperatorHandle<Pack>> pack_;
  std::optional<c10::TypedOperatorHandle<Multiply>> multiply_;
};

/// MKL's, in fp32, for one number of rows, with the numbers of a product that packs on its way.
class MklProduct {
 public:
  static const MklProduct& instance() {
    static const MklProduct found;
    return found;
  }

  [[nodiscard]] bool available() const { return pack_.has_value() && multiply_.has_value(); }

  /// Packs a weight [out, in] for products with `rows` rows.
  [[nodiscard]] Tensor pack(const Tensor& weight, std::int64_t rows) const {
    return pack_->call(weight.contiguous(), rows);
  }
  /// **Shapes** x [rows, in], `packed` from `weight` [out, in], bias [out] or none -> [rows, out].
  [[nodiscard]] Tensor multiply(const Tensor& x, const Tensor& packed, const Tensor& weight,
                                const std::optional<Tensor>& bias) const {
    return multiply_->call(x, packed, weight, bias, x.size(0));
  }

 private:
  using Pack = Tensor(const Tensor&, std::int64_t);
  using Multiply = Tensor(const Tensor&, const Tensor&, const Tensor&, const std::optional<Tensor>&, std::int64_t);

  MklProduct() {
    auto& dispatcher = c10::Dispatcher::singleton();
    const auto pack = dispatcher.findSchema({"mkl::_mkl_reorder_linear_weight", ""});
    const auto multiply = dispatcher.findSchema({"mkl::_mkl_linear", ""});
    if (!pack || !multiply || !multiply->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return;
    pack_ = pack->typed<Pack>();
    multiply_ = multiply->typed<Multiply>();
  }

  std::optional<c10::TypedOperatorHandle<Pack>> pack_;
  std::optional<c10::TypedOperatorHandle<Multiply>> multiply_;
};

}  // namespace mao::detail
