// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sums gradients and losses over workers that computed parts of a batch.

#include <vector>

#include <mao/parallel/workers.hpp>

namespace mao {

/// Sums each tensor over all workers, in one message. Undefined tensors stay undefined; they are the same on all
/// workers, because they depend on method and classes, not on images.
void sum_over(Workers& workers, std::vector<Tensor>& tensors);

/// Sums all existing gradients.
void sum_gradients(Workers& workers, const ParameterList& parameters);

/// The loss of the whole batch as a function of the parameters, from each worker's part: it has the value and gradients
/// of the sum and is linear around the current parameters. Undefined for an undefined part. Existing gradients are
/// cleared.
Tensor whole_loss(Workers& workers, const Tensor& part, const ParameterList& parameters, bool keep_graph);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/impl/exchange.ipp>
#endif
