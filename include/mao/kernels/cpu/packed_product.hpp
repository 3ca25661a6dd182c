// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Matrix products with weights packed beforehand. LibTorch has them for its compiler, under names without promise, so
/// they are looked up when the program runs and done without where there are none.

#include <exception>
#include <optional>
#include <string_view>

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>

#include <mao/core/tensor.hpp>

namespace mao::detail {

/// An operator that packs a weight and one that multiplies by it.
template <class Pack, class Multiply>
class PackedProduct {
 public:
  [[nodiscard]] bool available() const { return pack_.has_value() && multiply_.has_value(); }

  /// Packs a weight [out, in] for products with `rows` rows.
  [[nodiscard]] Tensor pack(const Tensor& weight, std::int64_t rows) const {
    return pack_->call(weight.contiguous(), rows);
  }

 protected:
  PackedProduct(const char* pack_name, const char* multiply_name) {
    auto& dispatcher = c10::Dispatcher::singleton();
    const auto pack = dispatcher.findSchema({pack_name, ""}), multiply = dispatcher.findSchema({multiply_name, ""});
    if (!pack || !multiply || !pack->hasKernelForDispatchKey(c10::DispatchKey::CPU)) return;
    pack_ = pack->template typed<Pack>();
    multiply_ = multiply->template typed<Multiply>();
  }

  std::optional<c10::TypedOperatorHandle<Pack>> pack_;
  std::optional<c10::TypedOperatorHandle<Multiply>> multiply_;
};

/// oneDNN's, in fp32 and bf16. Packed for about a number of rows it serves any.
class OneDnnProduct
    : public PackedProduct<Tensor(const Tensor&, std::optional<std::int64_t>),
                           Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view,
                                  c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>)> {
 public:
  static const OneDnnProduct& instance();

  /// Whether this CPU multiplies this type: bf16 needs instructions that not every CPU has.
  [[nodiscard]] bool multiplies(at::ScalarType type) const {
    return type == at::kFloat ? fp32_ : type == at::kBFloat16 ? bf16_ : false;
  }

  /// **Shapes** x [M, in], bias [out] or none -> [M, out].
  [[nodiscard]] Tensor multiply(const Tensor& x, const Tensor& packed, const std::optional<Tensor>& bias) const {
    return multiply_->call(x, packed, bias, "none", c10::List<std::optional<at::Scalar>>(), "");
  }

 private:
  OneDnnProduct()
      : PackedProduct("mkldnn::_reorder_linear_weight", "mkldnn::_linear_pointwise"),
        fp32_(works(at::kFloat)),
        bf16_(works(at::kBFloat16)) {}

  /// LibTorch says only by an error what a CPU lacks, so one small product is tried.
  [[nodiscard]] bool works(at::ScalarType type) const {
    if (!available()) return false;
    try {
      const at::NoGradGuard none;
      const Tensor weight = at::ones({16, 16}, type);
      return multiply(weight, pack(weight, 16), std::nullopt).defined();
    } catch (const std::exception&) {
      return false;
    }
  }

  bool fp32_, bf16_;
};

/// MKL's, in fp32, for one number of rows, with the numbers of a product that packs on its way.
class MklProduct : public PackedProduct<Tensor(const Tensor&, std::int64_t),
                                        Tensor(const Tensor&, const Tensor&, const Tensor&,
                                               const std::optional<Tensor>&, std::int64_t)> {
 public:
  static const MklProduct& instance();

  /// **Shapes** x [rows, in], `packed` from `weight` [out, in], bias [out] or none -> [rows, out].
  [[nodiscard]] Tensor multiply(const Tensor& x, const Tensor& packed, const Tensor& weight,
                                const std::optional<Tensor>& bias) const {
    return multiply_->call(x, packed, weight, bias, x.size(0));
  }

 private:
  MklProduct() : PackedProduct("mkl::_mkl_reorder_linear_weight", "mkl::_mkl_linear") {}
};

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cpu/impl/packed_product.ipp>
#endif
