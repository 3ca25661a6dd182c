// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/kernels/cpu/frozen_linear.hpp>

#include <ATen/Parallel.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

#include <mao/config.hpp>
#include <mao/core/detail/mapped_pages.hpp>

namespace mao {

// A packed weight is read again only to be packed in another way, so that its pages of the file need no memory until then.

MAO_INLINE Tensor FrozenLinear::forward(const Tensor& x) const {
  if (suits_onednn(x)) {
    if (!few().multiplies(x.scalar_type())) return at::linear(x, weight_.cast(), bias_);
    std::call_once(packs_->forward_once, [&] {
      packs_->forward = few().pack(weight_.converted(), usual_rows);
      detail::drop_mapped_pages(weight_.exact());
    });
    return few().multiply(x, packs_->forward, bias_);
  }
  const Tensor packed = packed_for_many(x);
  return packed.defined() ? many().multiply(x, packed, weight_.exact(), bias_) : at::linear(x, weight_.cast(), bias_);
}

MAO_INLINE Tensor FrozenLinear::backward(const Tensor& gradient) const {
  if (!suits_onednn(gradient) || !few().multiplies(gradient.scalar_type())) return at::mm(gradient, weight_.cast());
  std::call_once(packs_->backward_once, [&] {
    packs_->backward = few().pack(weight_.converted().t(), usual_rows);
    detail::drop_mapped_pages(weight_.exact());
  });
  return few().multiply(gradient, packs_->backward, std::nullopt);
}

MAO_INLINE Tensor FrozenLinear::packed_for_many(const Tensor& x) const {
  if (!x.is_cpu() || !many().available()) return {};
  const std::int64_t rows = x.size(0);
  const int threads = at::get_num_threads();  // MKL packs for as many as multiply
  const std::lock_guard lock(packs_->many_mutex);
  const auto fits = [&] { return rows == packs_->many_rows && threads == packs_->many_threads; };
  if (rows == packs_->last_rows && !fits()) {
    packs_->many = many().pack(weight_.exact(), rows);
    detail::drop_mapped_pages(weight_.exact());
    packs_->many_rows = rows;
    packs_->many_threads = threads;
  }
  packs_->last_rows = rows;
  return fits() ? packs_->many : Tensor();
}

}  // namespace mao
