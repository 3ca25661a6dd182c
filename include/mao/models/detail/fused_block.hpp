// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The residual block of both towers as the CPU computes it fastest: packed weights, one pass over memory between two
/// matrix products, and a backward pass for activations alone. `Block` (block.hpp) is the same in formulas.

#include <utility>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include <mao/kernels/cpu/frozen_linear.hpp>
#include <mao/kernels/cpu/row_passes.hpp>
#include <mao/models/block.hpp>
#include <mao/models/detail/block_rows.hpp>
#include <mao/models/detail/head_rows.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// In bf16 a product adds its bias for nothing. In fp32 it would copy it to its result first, a pass over memory that
/// those behind the product save: there, of the biases of queries, keys and values only that of the queries is added. A
/// key's adds the same to all scores of a query, which softmax does not see, and a value's comes out of the attention
/// as it is, so it is part of the next bias.
class FusedBlock {
 public:
  FusedBlock() = default;

  /// With `read_out` queries are computed for chosen rows alone.
  FusedBlock(const Block& block, Precision precision, bool read_out);

  [[nodiscard]] std::int64_t width() const { return norm1_.weight.size(0); }
  [[nodiscard]] std::int64_t heads() const { return heads_; }
  /// Of what the products take and give.
  [[nodiscard]] at::ScalarType product_type() const { return type_; }

  /// What `KnownRows` keep of x. **Shapes** x [n, W] -> [n, 3W]; of the read-out, keys and values [n, 2W].
  [[nodiscard]] Tensor projected(const Tensor& x) const;

  /// A gradient to begin with, in both types. **Shape** [rows, W].
  [[nodiscard]] RowsInBoth down(const Tensor& gradient) const;

  /// **Shapes** x [T, W], attended [m, W] or undefined: more rows that are keys alone -> [live or Q, W]. What
  /// the backward pass needs goes to `kept` unless it is null.
  ///
  /// An Attention has `forward(Projections, Tensor* kept) -> [Q, W]` and
  /// `backward(Projections, kept, gradient, Projections& out)`.
  template <class Attention>
  ResidualStream forward(const ResidualStream& x, const Tensor& attended, const Attention& attention,
                         const BlockRows& rows, KeptBlock* kept) const {
    KeptBlock now;
    const Tensor normed = enter(x, attended, rows.known.size(), now);
    now.qkv = behind_known(rows.known, qkv_.forward(normed));
    if (rows.queries.defined()) now.query = query_.forward(normed.index_select(0, rows.queries));
    const Projections parts = projections(now.qkv, now.query, rows.live);
    if (query_bias_.defined()) add_bias_rows(parts.query, query_bias_);
    const Tensor mixed = attention.forward(parts, kept ? &now.attention : nullptr);
    const Tensor residual =
        rows.queries.defined() ? now.input.index_select(0, rows.queries) : now.input.narrow(0, 0, rows.live);
    ResidualStream result = finish(residual, mixed, now, kept != nullptr);
    if (kept) *kept = std::move(now);
    return result;
  }

  /// Whether there is `read_first`: in a block of the read-out, in fp32 (in bf16 it would round too often).
  [[nodiscard]] bool reads_first() const { return type_ == at::kFloat && key_weight_.defined(); }

  /// `forward` for the first token of each image, with no backward pass and without keys and values: a query meets the
  /// tokens through the weights of the keys, the mixed tokens pass those of the values. Heads are few and tokens many,
  /// so this is a fraction of the work. **Shapes** x [B * L, W] -> [B, W].
  [[nodiscard]] Tensor read_first(const ResidualStream& x, std::int64_t images) const;

  /// From the gradient of what `forward` gave to that of its input. **Shape** [T + m, W]; rows before
  /// `rows.wanted_from` are undefined in value.
  template <class Attention>
  RowsInBoth backward(const KeptBlock& kept, const Attention& attention, const BlockRows& rows,
                      RowsInBoth gradient) const {
    const Tensor hidden = proj_.backward(gradient.copy);
    multiply_rows(kept.slope, hidden);
    add_layer_norm_rows_backward(fc_.backward(hidden), kept.middle, norm2_, kept.middle_moments, gradient);
    Tensor qkv = at::zeros_like(kept.qkv);
    Tensor query = kept.query.defined() ? at::empty_like(kept.query) : Tensor();
    Projections back = projections(qkv, query, rows.live);
    attention.backward(projections(kept.qkv, kept.query, rows.live), kept.attention, out_.backward(gradient.copy),
                       back);
    return input_gradient(kept, rows, gradient, qkv, query);
  }

 private:
  /// The input's first layer norm, but of the known rows.
  Tensor enter(const ResidualStream& x, const Tensor& attended, std::int64_t known, KeptBlock& now) const;

  /// The known rows, then the others.
  static Tensor behind_known(const KnownRows& known, const Tensor& others);

  /// [Q, W] and twice [K, W] as views.
  [[nodiscard]] Projections projections(const Tensor& qkv, const Tensor& query, std::int64_t live) const;

  /// What follows the attention. **Shapes** residual, mixed [Q, W] -> [Q, W].
  ResidualStream finish(const Tensor& residual, const Tensor& mixed, KeptBlock& now, bool keep) const;

  /// The end of `backward`: through the projections and the first layer norm, plus the residual's own gradient.
  RowsInBoth input_gradient(const KeptBlock& kept, const BlockRows& rows, const RowsInBoth& above, const Tensor& qkv,
                            const Tensor& query) const;

  at::ScalarType type_ = at::kFloat;
  std::int64_t heads_ = 1;
  Activation activation_ = Activation::QuickGelu;
  NormWeights norm1_, norm2_;
  FrozenLinear query_, qkv_, out_, fc_, proj_;
  Tensor query_bias_, out_bias_, fc_bias_, proj_bias_;  // [W], [W], [M], [W]; undefined in bf16
  Tensor key_weight_, value_weight_;                    // [h, d, W], [h, W, d], of the read-out
};

}  // namespace mao::detail

#endif

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/fused_block.ipp>
#endif
