// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A linear layer whose weights never change, packed in the layout that the library multiplies fastest.

#include <memory>
#include <mutex>
#include <optional>

#include <ATen/core/grad_mode.h>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/kernels/cpu/frozen_weight.hpp>
#include <mao/kernels/cpu/packed_product.hpp>

namespace mao {

/// x W^T + b and the backward pass of a gradient, in one precision. Copies share what is packed: by oneDNN in bf16 and for a
/// few rows of fp32, at the first use of each direction; by MKL for many rows of fp32 forward, once a number of rows
/// occurs twice in a row.
class FrozenLinear {
 public:
  FrozenLinear() = default;

  /// **Shapes** weight [out, in], bias [out], both fp32.
  FrozenLinear(const Tensor& weight, const Tensor& bias, Precision precision) : FrozenLinear(weight, precision) {
    bias_ = bias.to(type_of(precision));
  }
  /// Without a bias: for those who add it in a pass over memory that they take anyway.
  FrozenLinear(const Tensor& weight, Precision precision)
      : weight_(weight, precision), packs_(std::make_shared<Packs>()) {}

  /// What goes in and comes out is of this type.
  static at::ScalarType type_of(Precision precision) { return FrozenWeight::type_of(precision); }

  /// **Shapes** x [M, in] -> [M, out].
  [[nodiscard]] Tensor forward(const Tensor& x) const;

  /// **Shapes** gradient [M, out] -> [M, in].
  [[nodiscard]] Tensor backward(const Tensor& gradient) const;

 private:
  /// Rows for which oneDNN's layout is chosen; it serves any other number.
  static constexpr std::int64_t usual_rows = 256;
  /// Beyond this, fp32 gains nothing from oneDNN's.
  static constexpr std::int64_t few_rows_fp32 = 1024;

  struct Packs {
    std::once_flag forward_once, backward_once;
    Tensor forward, backward;
    std::mutex many_mutex;
    std::int64_t last_rows = 0, many_rows = 0;
    int many_threads = 0;
    Tensor many;
  };

  static const detail::OneDnnProduct& few() { return detail::OneDnnProduct::instance(); }
  static const detail::MklProduct& many() { return detail::MklProduct::instance(); }

  [[nodiscard]] static bool suits_onednn(const Tensor& x) {
    return x.is_cpu() && (x.scalar_type() != at::kFloat || x.size(0) <= few_rows_fp32);
  }

  /// Undefined where a product with x has to pack on its way.
  [[nodiscard]] Tensor packed_for_many(const Tensor& x) const;

  FrozenWeight weight_;         // [out, in]
  std::optional<Tensor> bias_;  // [out]
  std::shared_ptr<Packs> packs_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cpu/impl/frozen_linear.ipp>
#endif
