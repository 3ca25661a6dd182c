// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/parallel/exchange.hpp>

#include <utility>

#include <ATen/ops/cat.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

MAO_INLINE void sum_over(Workers& workers, std::vector<Tensor>& tensors) {
  std::vector<Tensor> flat;
  for (const Tensor& tensor : tensors) {
    if (tensor.defined()) flat.push_back(tensor.detach().flatten());
  }
  if (flat.empty()) return;
  for (Tensor& values : flat) values = values.to(flat.front().options());
  Tensor all = at::cat(flat);
  workers.sum(all);
  std::int64_t begin = 0;
  for (Tensor& tensor : tensors) {
    if (!tensor.defined()) continue;
    const std::int64_t count = tensor.numel();
    tensor = all.narrow(0, begin, count).view(tensor.sizes()).to(tensor.options());
    begin += count;
  }
}

MAO_INLINE void sum_gradients(Workers& workers, const ParameterList& parameters) {
  std::vector<Tensor> gradients;
  for (const Parameter& parameter : parameters) gradients.push_back(parameter.value.grad());
  sum_over(workers, gradients);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor value = parameters[i].value;
    value.mutable_grad() = gradients[i];
  }
}

MAO_INLINE Tensor whole_loss(Workers& workers, const Tensor& part, const ParameterList& parameters, bool keep_graph) {
  if (!part.defined()) return part;
  std::vector<Tensor> sums;
  for (Parameter parameter : parameters) parameter.value.mutable_grad() = Tensor();
  if (part.requires_grad()) part.backward({}, keep_graph);
  for (Parameter parameter : parameters) {
    sums.push_back(std::exchange(parameter.value.mutable_grad(), Tensor()));
  }
  sums.push_back(part.detach());
  sum_over(workers, sums);
  Tensor whole = sums.back();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!sums[i].defined()) continue;
    const Tensor step = parameters[i].value - parameters[i].value.detach();
    whole = whole + (step * sums[i]).sum();
  }
  return whole;
}

}  // namespace mao
