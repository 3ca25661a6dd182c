// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/fused_block.hpp>

#include <cmath>

#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

#if MAO_HAS_AVX512_KERNELS

namespace mao::detail {

MAO_INLINE FusedBlock::FusedBlock(const Block& block, Precision precision, bool read_out)
    : type_(FrozenLinear::type_of(precision)),
      heads_(block.heads),
      activation_(block.activation),
      norm1_{block.ln1_weight, block.ln1_bias},
      norm2_{block.ln2_weight, block.ln2_bias} {
  const std::int64_t width = block.width();
  const auto product = [&](const Tensor& weight, const Tensor& bias) {
    return type_ == at::kFloat ? FrozenLinear(weight, precision) : FrozenLinear(weight, bias, precision);
  };
  const auto projection = [&](std::int64_t first, std::int64_t count) {
    return product(block.qkv_weight.exact().narrow(0, first * width, count * width),
                   block.qkv_bias.narrow(0, first * width, count * width));
  };
  out_ = product(block.out_weight.exact(), block.out_bias);
  fc_ = product(block.fc_weight.exact(), block.fc_bias);
  proj_ = product(block.proj_weight.exact(), block.proj_bias);
  if (type_ == at::kFloat) {
    query_bias_ = block.qkv_bias.narrow(0, 0, width);
    out_bias_ = block.out_bias + at::mv(block.out_weight.exact(), block.qkv_bias.narrow(0, 2 * width, width));
    fc_bias_ = block.fc_bias;
    proj_bias_ = block.proj_bias;
  }
  qkv_ = read_out ? projection(1, 2) : projection(0, 3);
  if (!read_out) return;
  query_ = projection(0, 1);
  const auto heads = block.qkv_weight.exact().view({3, block.heads, width / block.heads, width});
  key_weight_ = heads[1];
  value_weight_ = heads[2].transpose(1, 2);
}

MAO_INLINE Tensor FusedBlock::projected(const Tensor& x) const {
  Tensor moments;
  return qkv_.forward(layer_norm_rows(x, norm1_, type_, moments));
}

MAO_INLINE RowsInBoth FusedBlock::down(const Tensor& gradient) const {
  const Tensor sum = gradient.clone(at::MemoryFormat::Contiguous);
  return {sum, type_ == at::kFloat ? sum : sum.to(type_)};
}

MAO_INLINE Tensor FusedBlock::read_first(const ResidualStream& x, std::int64_t images) const {
  KeptBlock now;
  const Tensor tokens =
      x.normed(norm1_, type_, now.input, now.input_moments).unflatten(0, {images, -1});  // [B, L, W]
  const Tensor query = query_.forward(tokens.select(1, 0).contiguous());
  add_bias_rows(query, query_bias_);
  const std::int64_t heads = key_weight_.size(0), size = key_weight_.size(1);
  const Tensor of_heads = query.view({images, heads, size}).transpose(0, 1);         // [h, B, d]
  const Tensor asked = at::bmm(of_heads, key_weight_).transpose(0, 1).contiguous();  // [B, h, W]
  Tensor weights = at::bmm(asked, tokens.transpose(1, 2));                           // [B, h, L]
  weights = at::softmax(weights * (1.0 / std::sqrt(static_cast<double>(size))), -1);
  const Tensor mixed = at::bmm(weights, tokens).transpose(0, 1);        // [h, B, W]
  const Tensor values = at::bmm(mixed, value_weight_).transpose(0, 1);  // [B, h, d]
  const Tensor first = now.input.unflatten(0, {images, -1}).select(1, 0);
  return finish(first, values.reshape({images, width()}), now, false).total();
}

MAO_INLINE Tensor FusedBlock::enter(const ResidualStream& x, const Tensor& attended, std::int64_t known,
                                    KeptBlock& now) const {
  if (known == 0 && !attended.defined()) return x.normed(norm1_, type_, now.input, now.input_moments);
  now.input = attended.defined() ? at::cat({x.total(), attended}) : x.total();
  return layer_norm_rows(now.input.narrow(0, known, now.input.size(0) - known), norm1_, type_, now.input_moments);
}

MAO_INLINE Tensor FusedBlock::behind_known(const KnownRows& known, const Tensor& others) {
  if (known.size() == 0) return others;
  const std::int64_t count = known.size();
  Tensor all = at::empty({count + others.size(0), others.size(1)}, others.options());
  Tensor first = all.narrow(0, 0, count);
  at::index_select_out(first, known.table, 0, known.chosen);
  all.narrow(0, count, others.size(0)).copy_(others);
  return all;
}

MAO_INLINE Projections FusedBlock::projections(const Tensor& qkv, const Tensor& query, std::int64_t live) const {
  const std::int64_t w = width();
  if (query.defined()) return {query, qkv.narrow(1, 0, w), qkv.narrow(1, w, w)};
  return {qkv.narrow(1, 0, w).narrow(0, 0, live), qkv.narrow(1, w, w), qkv.narrow(1, 2 * w, w)};
}

MAO_INLINE ResidualStream FusedBlock::finish(const Tensor& residual, const Tensor& mixed, KeptBlock& now,
                                             bool keep) const {
  now.slope = fc_.forward(
      add_layer_norm_rows(residual, {out_.forward(mixed), out_bias_}, norm2_, now.middle, now.middle_moments));
  const Unbiased hidden{now.slope, fc_bias_};
  const Tensor active = activation_ == Activation::Gelu ? gelu_rows(hidden, keep) : quick_gelu_rows(hidden, keep);
  return {now.middle, {proj_.forward(active), proj_bias_}};
}

MAO_INLINE RowsInBoth FusedBlock::input_gradient(const KeptBlock& kept, const BlockRows& rows, const RowsInBoth& above,
                                                 const Tensor& qkv, const Tensor& query) const {
  const std::int64_t count = kept.input.size(0), from = rows.wanted_from;
  RowsInBoth result = above;
  if (rows.queries.defined() || rows.live != count) {
    result.exact = at::zeros({count, width()}, at::kFloat);
    if (rows.queries.defined()) {
      result.exact.index_copy_(0, rows.queries, above.exact);
    } else {
      result.exact.narrow(0, 0, rows.live).copy_(above.exact);
    }
    result.copy = type_ == at::kFloat ? result.exact : at::empty({count, width()}, type_);
  }
  const auto wanted = [&](const Tensor& of_rows) { return of_rows.narrow(0, from, count - from); };
  Tensor arrived = qkv_.backward(wanted(qkv));
  if (query.defined()) {
    Tensor all = at::zeros({count, width()}, type_);
    all.index_copy_(0, rows.queries, query_.backward(query));
    arrived.add_(wanted(all));
  }
  const RowsInBoth part{wanted(result.exact), wanted(result.copy)};
  const std::int64_t normed = kept.input_moments.size(0);  // all but the known ones
  add_layer_norm_rows_backward(arrived, wanted(kept.input), norm1_,
                               kept.input_moments.narrow(0, normed - (count - from), count - from), part);
  return result;
}

}  // namespace mao::detail

#endif
