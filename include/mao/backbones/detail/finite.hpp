// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where values stopped being finite first: a learning rate is to blame for what training has done, not for the weights
/// and images that it was given.

#include <string>

#include <mao/core/output.hpp>

namespace mao {

/// Whether every number is finite; an undefined tensor has none that is not.
bool all_finite(const Tensor& tensor);

/// The first row of a matrix-like tensor that holds a number that is not finite; -1 when there is none.
std::int64_t first_bad_row(const Tensor& tensor);

/// The name of the first parameter that is not finite; empty when all are.
std::string first_bad_parameter(const ParameterList& parameters);

/// What is not finite in what was given: `the pixels of image 3 of the batch`; empty when all of it is.
std::string bad_input(const ImageBatch& images);

/// What is not finite in a forward pass, in the order in which it is computed; empty when all of it is finite.
std::string bad_output(const Output& output, const ClassList& classes);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/finite.ipp>
#endif
