// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gradients of a batch whose parts were computed by several workers.

#include <vector>

#include <mao/parallel/workers.hpp>

namespace mao {

/// Adds each tensor up over all workers, in one message. Undefined ones stay so: which they are follows from method and
/// classes, not from the images.
void sum_over(Workers& workers, std::vector<Tensor>& tensors);

/// Adds up the gradients that are there.
void sum_gradients(Workers& workers, const ParameterList& parameters);

/// The loss of the whole batch as a function of the parameters, from each worker's part of it: the sum's value and
/// gradients, linear around where the parameters are. Undefined for an undefined part. The gradients that were there
/// are gone afterwards.
Tensor whole_loss(Workers& workers, const Tensor& part, const ParameterList& parameters, bool keep_graph);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/impl/exchange.ipp>
#endif
