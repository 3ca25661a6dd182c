// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A linear layer whose weights never change: packed once in the layout that oneDNN multiplies fastest.

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

namespace detail {

/// oneDNN's linear layer on packed weights. LibTorch has it for its compiler, under names without promise, so it is
/// looked up when the program runs and done without where there is none.
class PackedProduct {
 public:
  static const PackedProduct& instance() {
    static const PackedProduct found;
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

  PackedProduct() {
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

}  // namespace detail

/// x W^T + b and the way back of a gradient, in one precision. Copies share what is packed, at the first use of each
/// direction.
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
    if (!is_packed(x)) return at::linear(x, weight_, bias_);
    std::call_once(packs_->forward_once, [&] { packs_->forward = product().pack(weight_, usual_rows); });
    return product().multiply(x, packs_->forward, bias_);
  }

  /// **Shapes** gradient [M, out] -> [M, in].
  [[nodiscard]] Tensor backward(const Tensor& gradient) const {
    if (!is_packed(gradient)) return at::mm(gradient, weight_);
    std::call_once(packs_->backward_once, [&] { packs_->backward = product().pack(weight_.t(), usual_rows); });
    return product().multiply(gradient, packs_->backward, std::nullopt);
  }

 private:
  /// Rows for which the layout is chosen; it serves any other number.
  static constexpr std::int64_t usual_rows = 256;
  /// Beyond this, fp32 gains nothing from packing, which would double the memory of the weights.
  static constexpr std::int64_t most_rows_fp32 = 1024;

  struct Packs {
    std::once_flag forward_once, backward_once;
    Tensor forward, backward;
  };

  static const detail::PackedProduct& product() { return detail::PackedProduct::instance(); }

  [[nodiscard]] bool is_packed(const Tensor& x) const {
    return product().available() && x.is_cpu() && (x.scalar_type() != at::kFloat || x.size(0) <= most_rows_fp32);
  }

  Tensor weight_;               // [out, in]
  std::optional<Tensor> bias_;  // [out]
  std::shared_ptr<Packs> packs_;
};

}  // namespace mao
