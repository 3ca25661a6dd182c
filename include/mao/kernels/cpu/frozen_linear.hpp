// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A linear layer whose weights never change, packed in the layout that the library multiplies fastest.

#include <memory>
#include <mutex>
#include <optional>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>
#include <mao/kernels/cpu/packed_product.hpp>

namespace mao {

/// x W^T + b and the backward pass of a gradient, in one precision. Copies share what is packed: by oneDNN in bf16 and for a
/// few rows of fp32, at the first use of each direction; by MKL for many rows of fp32 forward, once a number of rows
/// comes twice in a row.
class FrozenLinear {
 public:
  FrozenLinear() = default;

  /// **Shapes** weight [out, in], bias [out], both fp32.
  FrozenLinear(const Tensor& weight, const Tensor& bias, Precision precision) : FrozenLinear(weight, precision) {
    bias_ = bias.to(type_of(precision));
  }
  /// Without a bias: for those who add it in a pass over memory that they take anyway.
  FrozenLinear(const Tensor& weight, Precision precision)
      : weight_(weight.to(type_of(precision))), packs_(std::make_shared<Packs>()) {}

  /// What goes in and comes out is of this type.
  static at::ScalarType type_of(Precision precision) {
    return precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat;
  }

  /// **Shapes** x [M, in] -> [M, out].
  [[nodiscard]] Tensor forward(const Tensor& x) const {
    if (suits_onednn(x)) {
      if (!few().multiplies(x.scalar_type())) return at::linear(x, weight_, bias_);
      std::call_once(packs_->forward_once, [&] { packs_->forward = few().pack(weight_, usual_rows); });
      return few().multiply(x, packs_->forward, bias_);
    }
    const Tensor packed = packed_for_many(x);
    return packed.defined() ? many().multiply(x, packed, weight_, bias_) : at::linear(x, weight_, bias_);
  }

  /// **Shapes** gradient [M, out] -> [M, in].
  [[nodiscard]] Tensor backward(const Tensor& gradient) const {
    if (!suits_onednn(gradient) || !few().multiplies(gradient.scalar_type())) return at::mm(gradient, weight_);
    std::call_once(packs_->backward_once, [&] { packs_->backward = few().pack(weight_.t(), usual_rows); });
    return few().multiply(gradient, packs_->backward, std::nullopt);
  }

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
  [[nodiscard]] Tensor packed_for_many(const Tensor& x) const {
    if (!x.is_cpu() || !many().available()) return {};
    const std::int64_t rows = x.size(0);
    const int threads = at::get_num_threads();  // MKL packs for as many as multiply
    const std::lock_guard lock(packs_->many_mutex);
    const auto fits = [&] { return rows == packs_->many_rows && threads == packs_->many_threads; };
    if (rows == packs_->last_rows && !fits()) {
      packs_->many = many().pack(weight_, rows);
      packs_->many_rows = rows;
      packs_->many_threads = threads;
    }
    packs_->last_rows = rows;
    return fits() ? packs_->many : Tensor();
  }

  Tensor weight_;               // [out, in]
  std::optional<Tensor> bias_;  // [out]
  std::shared_ptr<Packs> packs_;
};

}  // namespace mao
