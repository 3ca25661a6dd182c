// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The layers of a frozen BERT over packed tokens as the CPU computes them fastest: packed weights, a few rows at a
/// time, and a backward pass for activations alone. `bert_layer` (bert.hpp) is the same in formulas.

#include <mao/text/detail/bert_attention.hpp>

#if MAO_HAS_AVX512_KERNELS

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <mao/kernels/cpu/frozen_linear.hpp>
#include <mao/kernels/cpu/row_passes.hpp>
#include <mao/text/bert.hpp>

namespace mao::detail {

/// The layer norm of a residual sum: BERT normalises what it adds up, so the norm itself continues in both types.
class FusedNorm {
 public:
  struct Kept {
    Tensor sum, moments;  // [T, W], [T, 2]
  };

  explicit FusedNorm(const Affine& affine) : affine_(affine) {}

  /// **Shapes** x [T, W] fp32, delta [T, W].
  RowsInBoth forward(const Tensor& x, const Tensor& delta, Kept& kept) const;

  /// From `gradient` [T, W] fp32 + `more` [T, W], or undefined, to the gradient of x and of delta, the same.
  RowsInBoth backward(const Tensor& gradient, const Tensor& more, at::ScalarType type, const Kept& kept) const;

 private:
  Affine affine_;
};

class FusedBertLayer {
 public:
  /// What the backward pass needs.
  struct Kept {
    Tensor qkv, weights, slope;
    FusedNorm::Kept attended, result;
  };

  FusedBertLayer(const BertLayer& layer, Precision precision);

  [[nodiscard]] at::ScalarType type() const { return type_; }

  RowsInBoth forward(const RowsInBoth& x, const PackedBertAttention& attention, bool keep, Kept& kept) const;

  /// From the gradient of what `forward` gave, the sum of two parts as a norm takes it, to that of its input, likewise.
  [[nodiscard]] std::pair<Tensor, Tensor> backward(const std::pair<Tensor, Tensor>& gradient,
                                                   const PackedBertAttention& attention, const Kept& kept) const;

 private:
  at::ScalarType type_;
  FrozenLinear query_key_value_, attention_out_, up_, down_;
  FusedNorm attention_norm_, norm_;
};

/// All layers over some rows, and what they keep.
class FusedBertPass {
 public:
  using Layers = std::shared_ptr<const std::vector<FusedBertLayer>>;

  FusedBertPass(Layers layers, PackedBertAttention attention)
      : layers_(std::move(layers)), attention_(std::move(attention)) {}

  Tensor forward(const Tensor& tokens, bool keep);
  [[nodiscard]] Tensor backward(const Tensor& gradient) const;

 private:
  Layers layers_;
  PackedBertAttention attention_;
  std::vector<FusedBertLayer::Kept> kept_;
};

/// Where to cut packed rows so that each part has about `tokens` tokens: indices into `offsets`, from first to last.
std::vector<std::size_t> cut_rows(const std::vector<std::int64_t>& offsets, std::int64_t tokens);

/// Hidden states of packed tokens, differentiable in them. The rows, which do not see each other, go through all layers
/// a few at a time: what lies between two products stays in the cache.
///
/// **Shapes** tokens [T, W] fp32, offsets N + 1 values -> [T, W].
Tensor run_fused_bert(const FusedBertPass::Layers& layers, const Tensor& tokens,
                      const std::vector<std::int64_t>& offsets, std::int64_t heads);

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/fused_bert.ipp>
#endif
