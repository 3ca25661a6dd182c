// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/dept_head.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE Tensor DeptHead::loss(const Tensor& text, const Tensor& image, const std::vector<std::int64_t>& rows,
                                 const std::vector<std::int64_t>& targets, const std::vector<float>& weights) const {
  const Tensor scores = logits(at::cat({text_(text), image_(image)}), rows);
  const Tensor columns = at::tensor(targets).repeat(2).to(scores.device());
  if (weights.empty()) return at::cross_entropy_loss(scores, columns);
  const Tensor weight = at::tensor(weights).repeat(2).to(scores.device());
  return (at::cross_entropy_loss(scores, columns, {}, /*reduction: none*/ 0) * weight).sum() / weight.sum();
}

MAO_INLINE ParameterList DeptHead::parameters(double rate) const {
  return {{"film_lp_img.scale", image_.scale, rate},          {"film_lp_img.bias", image_.bias, rate},
          {"film_lp_text.scale", text_.scale, rate},          {"film_lp_text.bias", text_.bias, rate},
          {"linear_probe_proj.weight", head_.weight(), rate}, {"linear_probe_proj.bias", head_.bias(), rate}};
}

MAO_INLINE Tensor DeptHead::logits(const Tensor& features, const std::vector<std::int64_t>& rows) const {
  const Tensor index = at::tensor(rows).to(features.device());
  return at::linear(features, head_.weight().index_select(0, index), head_.bias().index_select(0, index));
}

}  // namespace mao
