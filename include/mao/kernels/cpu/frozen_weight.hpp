// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A weight that never changes, in fp32 and in the type of its products.

#include <memory>
#include <mutex>
#include <utility>

#include <mao/core/precision.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// The fp32 weight of a checkpoint, often a view of the mapped file, and the precision of its products. In bf16 the
/// converted weight is made at its first use: who packs the weight never keeps a second copy. Copies share it.
class FrozenWeight {
 public:
  FrozenWeight() = default;
  explicit FrozenWeight(Tensor exact, Precision precision = Precision::Fp32)
      : exact_(std::move(exact)), type_(type_of(precision)), kept_(std::make_shared<Kept>()) {}

  /// What goes into a product and comes out is of this type.
  static at::ScalarType type_of(Precision precision) {
    return precision == Precision::Bf16 ? at::kBFloat16 : at::kFloat;
  }

  [[nodiscard]] at::ScalarType type() const { return type_; }
  /// In fp32, as given.
  [[nodiscard]] const Tensor& exact() const { return exact_; }
  /// In `type()`; kept from the first call on.
  [[nodiscard]] const Tensor& cast() const {
    if (type_ == at::kFloat) return exact_;
    std::call_once(kept_->once, [&] { kept_->cast = converted(); });
    return kept_->cast;
  }
  /// In `type()`, not kept.
  [[nodiscard]] Tensor converted() const { return exact_.to(type_); }

 private:
  struct Kept {
    std::once_flag once;
    Tensor cast;
  };

  Tensor exact_;
  at::ScalarType type_ = at::kFloat;
  std::shared_ptr<Kept> kept_;
};

}  // namespace mao
