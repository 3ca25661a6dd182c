// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A short name for a set of weights, so that prompts can be matched with the model they were tuned on.

#include <string>

#include <mao/core/tensor.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/models/architecture.hpp>

namespace mao {

/// 16 hexadecimal digits over names, shapes and the bytes of all tensors.
std::string fingerprint_of(const TensorMap& weights);

/// The same for a CLIP. If its form is not that of OpenAI's models, a hash of the form is appended, because the same
/// tensors with other heads or another activation are another model.
std::string fingerprint_of(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form);

/// A suffix for the fingerprint of a CLIP whose preprocessing is not OpenAI's: with another mean, deviation, filter,
/// resize mode or size, the same weights are another model for prompts. The rounding of the crop does not count.
std::string fingerprint_suffix(const Preprocess& preprocess);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/fingerprint.ipp>
#endif
