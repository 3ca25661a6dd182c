// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gradients of a batch whose parts were computed by several workers.

#include <utility>
#include <vector>

#include <ATen/ops/cat.h>

#include <mao/core/detail/ops.hpp>
#include <mao/parallel/workers.hpp>

namespace mao {

/// Adds each tensor up over all workers, in one message. Undefined ones stay so: which they are follows from method and
/// classes, not from the images.
inline void sum_over(Workers& workers, std::vector<Tensor>& tensors) {
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

/// Adds up the gradients that are there.
inline void sum_gradients(Workers& workers, const ParameterList& parameters) {
  std::vector<Tensor> gradients;
  for (const Parameter& parameter : parameters) gradients.push_back(parameter.value.grad());
  sum_over(workers, gradients);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor value = parameters[i].value;
    value.mutable_grad() = gradients[i];
  }
}

/// The loss of the whole batch as a function of the parameters, from each worker's part of it: the sum's value and
/// gradients, linear around where the parameters are. Undefined for an undefined part. The gradients that were there
/// are gone afterwards.
inline Tensor whole_loss(Workers& workers, const Tensor& part, const ParameterList& parameters, bool keep_graph) {
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
