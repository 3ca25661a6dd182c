// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The residual block of both towers as the CPU computes it fastest: packed weights, one pass over memory between two
/// matrix products, and a way back for activations alone. `Block` (block.hpp) is the same in formulas.

#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <mao/clip/block.hpp>
#include <mao/clip/row_kernels.hpp>
#include <mao/core/frozen_linear.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

/// Calls `work` with a zero of the type that the matrix products are computed in.
template <class Work>
void with_product_type(at::ScalarType type, const Work& work) {
  if (type == at::kFloat) {
    work(float{});
  } else {
    work(c10::BFloat16{});
  }
}

/// Queries, keys and values of a block, or their gradients; the parts may be views of one tensor.
struct Projections {
  Tensor query;       ///< [Q, W]
  Tensor key, value;  ///< [K, W]
};

/// A gradient on its way down: exact, and in the type of the matrix products (the same tensor in fp32).
struct DownGradient {
  Tensor sum;   ///< [rows, W] fp32
  Tensor copy;  ///< [rows, W]
};

/// What a block keeps for its way back.
struct KeptBlock {
  Tensor input, input_moments;    ///< [T + m, W], [T + m, 2]
  Tensor qkv, query;              ///< [T + m, 3W]; or, where few rows are queries, [T + m, 2W] and [Q, W]
  Tensor attention;               ///< whatever the attention keeps
  Tensor middle, middle_moments;  ///< [Q, W], [Q, 2]
  Tensor slope;                   ///< [Q, 4W], of the activation; for the exact GELU its argument
};

/// Which rows of a block's input are computed further.
struct BlockRows {
  std::int64_t live = 0;         ///< the first ones that go through the whole block (when `queries` is undefined)
  Tensor queries;                ///< [Q] or undefined: these rows alone go through the whole block
  std::int64_t wanted_from = 0;  ///< rows before it need no gradient
};

class FusedBlock {
 public:
  FusedBlock() = default;

  /// With `read_out` queries are computed for chosen rows alone.
  FusedBlock(const Block& block, Precision precision, bool read_out)
      : type_(FrozenLinear::type_of(precision)),
        activation_(block.activation),
        ln1_weight_(block.ln1_weight),
        ln1_bias_(block.ln1_bias),
        ln2_weight_(block.ln2_weight),
        ln2_bias_(block.ln2_bias),
        out_(block.out_weight, block.out_bias, precision),
        fc_(block.fc_weight, block.fc_bias, precision),
        proj_(block.proj_weight, block.proj_bias, precision) {
    const std::int64_t width = block.width();
    if (read_out) {
      query_ = FrozenLinear(block.qkv_weight.narrow(0, 0, width), block.qkv_bias.narrow(0, 0, width), precision);
      qkv_ = FrozenLinear(block.qkv_weight.narrow(0, width, 2 * width), block.qkv_bias.narrow(0, width, 2 * width),
                          precision);
    } else {
      qkv_ = FrozenLinear(block.qkv_weight, block.qkv_bias, precision);
    }
  }

  [[nodiscard]] std::int64_t width() const { return ln1_weight_.size(0); }

  /// A gradient to begin with, in both types. **Shape** [rows, W].
  [[nodiscard]] DownGradient down(const Tensor& gradient) const {
    const Tensor sum = gradient.clone(at::MemoryFormat::Contiguous);
    return {sum, type_ == at::kFloat ? sum : sum.to(type_)};
  }

  /// **Shapes** x [T, W] fp32, attended [m, W] or undefined: more rows that are keys alone -> [live or Q, W]. What
  /// the way back needs goes to `kept` unless it is null.
  ///
  /// An Attention has `forward(Projections, Tensor* kept) -> [Q, W]` and
  /// `backward(Projections, kept, gradient, Projections& out)`.
  template <class Attention>
  Tensor forward(const Tensor& x, const Tensor& attended, const Attention& attention, const BlockRows& rows,
                 KeptBlock* kept) const {
    KeptBlock now;
    now.input = attended.defined() ? at::cat({x, attended}) : x;
    const Tensor normed = normalised(now.input, {}, {}, ln1_weight_, ln1_bias_, now.input_moments);
    now.qkv = qkv_.forward(normed);
    if (rows.queries.defined()) now.query = query_.forward(normed.index_select(0, rows.queries));
    const Tensor mixed = attention.forward(projections(now.qkv, now.query, rows.live), kept ? &now.attention : nullptr);
    const Tensor residual = rows.queries.defined() ? x.index_select(0, rows.queries) : x.narrow(0, 0, rows.live);
    now.middle = at::empty(residual.sizes(), at::kFloat);
    now.slope =
        fc_.forward(normalised(residual, out_.forward(mixed), now.middle, ln2_weight_, ln2_bias_, now.middle_moments));
    const Tensor result = sum(now.middle, proj_.forward(activated(now.slope)));
    if (kept) *kept = std::move(now);
    return result;
  }

  /// From the gradient of what `forward` gave to that of its input. **Shape** [T + m, W]; rows before
  /// `rows.wanted_from` are undefined in value.
  template <class Attention>
  DownGradient backward(const KeptBlock& kept, const Attention& attention, const BlockRows& rows,
                        DownGradient gradient) const {
    Tensor hidden = proj_.backward(gradient.copy);
    activate_backward(kept.slope, hidden);
    add_layer_norm_backward(fc_.backward(hidden), kept.middle, ln2_weight_, kept.middle_moments, gradient);
    Tensor qkv = at::zeros_like(kept.qkv);
    Tensor query = kept.query.defined() ? at::empty_like(kept.query) : Tensor();
    Projections back = projections(qkv, query, rows.live);
    attention.backward(projections(kept.qkv, kept.query, rows.live), kept.attention, out_.backward(gradient.copy),
                       back);
    return input_gradient(kept, rows, gradient, qkv, query);
  }

 private:
  /// [Q, W] and twice [K, W] as views.
  [[nodiscard]] Projections projections(const Tensor& qkv, const Tensor& query, std::int64_t live) const {
    const std::int64_t w = width();
    if (query.defined()) return {query, qkv.narrow(1, 0, w), qkv.narrow(1, w, w)};
    return {qkv.narrow(1, 0, w).narrow(0, 0, live), qkv.narrow(1, w, w), qkv.narrow(1, 2 * w, w)};
  }

  /// The layer norm of x + delta, the sum being written to `total`; without a delta that of x.
  Tensor normalised(const Tensor& x, const Tensor& delta, const Tensor& total, const Tensor& weight, const Tensor& bias,
                    Tensor& moments) const {
    const std::int64_t count = x.size(0), w = width();
    const Tensor source = x.contiguous(), out = at::empty({count, w}, type_);
    moments = at::empty({count, 2}, at::kFloat);
    with_product_type(type_, [&]<class Type>(Type) {
      const float *from = source.const_data_ptr<float>(), *scale = weight.const_data_ptr<float>(),
                  *shift = bias.const_data_ptr<float>();
      const Type* more = delta.defined() ? delta.const_data_ptr<Type>() : nullptr;
      float* sums = more != nullptr ? total.mutable_data_ptr<float>() : nullptr;
      auto* to = out.mutable_data_ptr<Type>();
      auto* found = reinterpret_cast<rows::Moments*>(moments.mutable_data_ptr<float>());
      rows::in_parallel(count, w, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const float* row = from + i * w;
          if (more != nullptr) {
            rows::add(row, more + i * w, sums + i * w, w);
            row = sums + i * w;
          }
          found[i] = rows::layer_norm(row, scale, shift, to + i * w, w);
        }
      });
    });
    return out;
  }

  [[nodiscard]] Tensor sum(const Tensor& x, const Tensor& delta) const {
    const Tensor total = at::empty(x.sizes(), at::kFloat);
    with_product_type(type_, [&]<class Type>(Type) {
      const float* from = x.const_data_ptr<float>();
      const Type* more = delta.const_data_ptr<Type>();
      float* to = total.mutable_data_ptr<float>();
      const std::int64_t w = width();
      rows::in_parallel(x.size(0), w, [&](std::int64_t begin, std::int64_t end) {
        rows::add(from + begin * w, more + begin * w, to + begin * w, (end - begin) * w);
      });
    });
    return total;
  }

  /// The activation of `hidden`, in whose place its slope is left.
  [[nodiscard]] Tensor activated(const Tensor& hidden) const {
    if (activation_ == Activation::Gelu) return at::gelu(hidden);
    const Tensor out = at::empty_like(hidden);
    with_product_type(type_, [&]<class Type>(Type) {
      Type *from = hidden.mutable_data_ptr<Type>(), *to = out.mutable_data_ptr<Type>();
      const std::int64_t w = hidden.size(1);
      rows::in_parallel(hidden.size(0), w, [&](std::int64_t begin, std::int64_t end) {
        rows::quick_gelu(from + begin * w, to + begin * w, (end - begin) * w);
      });
    });
    return out;
  }

  void activate_backward(const Tensor& slope, Tensor& gradient) const {
    if (activation_ == Activation::Gelu) {
      gradient = at::gelu_backward(gradient, slope);
      return;
    }
    with_product_type(type_, [&]<class Type>(Type) {
      const Type* from = slope.const_data_ptr<Type>();
      Type* to = gradient.mutable_data_ptr<Type>();
      const std::int64_t w = slope.size(1);
      rows::in_parallel(slope.size(0), w, [&](std::int64_t begin, std::int64_t end) {
        rows::multiply(from + begin * w, to + begin * w, (end - begin) * w);
      });
    });
  }

  /// Adds to `gradient` what comes back through a layer norm of x. **Shapes** arrived, x [rows, W].
  void add_layer_norm_backward(const Tensor& arrived, const Tensor& x, const Tensor& weight, const Tensor& moments,
                               const DownGradient& gradient) const {
    with_product_type(type_, [&]<class Type>(Type) {
      const Type* from = arrived.const_data_ptr<Type>();
      const float *rows_of_x = x.const_data_ptr<float>(), *scale = weight.const_data_ptr<float>();
      const auto* found = reinterpret_cast<const rows::Moments*>(moments.const_data_ptr<float>());
      float* total = gradient.sum.mutable_data_ptr<float>();
      Type* copy = gradient.copy.mutable_data_ptr<Type>();
      const std::int64_t w = width();
      rows::in_parallel(arrived.size(0), w, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin * w; i < end * w; i += w) {
          rows::layer_norm_backward(from + i, rows_of_x + i, scale, found[i / w], total + i, copy + i, w);
        }
      });
    });
  }

  /// The end of `backward`: through the projections and the first layer norm, plus the residual's own gradient.
  DownGradient input_gradient(const KeptBlock& kept, const BlockRows& rows, const DownGradient& above,
                              const Tensor& qkv, const Tensor& query) const {
    const std::int64_t count = kept.input.size(0), from = rows.wanted_from;
    DownGradient result = above;
    if (rows.queries.defined() || rows.live != count) {
      result.sum = at::zeros({count, width()}, at::kFloat);
      if (rows.queries.defined()) {
        result.sum.index_copy_(0, rows.queries, above.sum);
      } else {
        result.sum.narrow(0, 0, rows.live).copy_(above.sum);
      }
      result.copy = type_ == at::kFloat ? result.sum : at::empty({count, width()}, type_);
    }
    const auto wanted = [&](const Tensor& of_rows) { return of_rows.narrow(0, from, count - from); };
    Tensor arrived = qkv_.backward(wanted(qkv));
    if (query.defined()) {
      Tensor all = at::zeros({count, width()}, type_);
      all.index_copy_(0, rows.queries, query_.backward(query));
      arrived.add_(wanted(all));
    }
    const DownGradient part{wanted(result.sum), wanted(result.copy)};
    add_layer_norm_backward(arrived, wanted(kept.input), ln1_weight_, wanted(kept.input_moments), part);
    return result;
  }

  at::ScalarType type_ = at::kFloat;
  Activation activation_ = Activation::QuickGelu;
  Tensor ln1_weight_, ln1_bias_, ln2_weight_, ln2_bias_;  // [W]
  FrozenLinear query_, qkv_, out_, fc_, proj_;
};

}  // namespace mao::detail

#endif
