// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A short name for a set of weights, so that prompts know the model they were tuned on.

#include <string>

#include <mao/core/tensor.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/models/architecture.hpp>

namespace mao {

/// 16 hexadecimal digits over names, shapes and the bytes of all tensors.
std::string fingerprint_of(const TensorMap& weights);

/// The same of a CLIP. Where its form is not that of OpenAI's models, a hash of the form follows: the same tensors with
/// other heads or another activation are another model.
std::string fingerprint_of(const TensorMap& weights, const ClipArchitecture& sizes, const ClipForm& form);

/// What follows the fingerprint of a CLIP whose pixels are not prepared as OpenAI's: the same weights behind another
/// mean, deviation, filter, resize mode or size are another model to prompts. Half a pixel of the crop makes none.
std::string fingerprint_suffix(const Preprocess& preprocess);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/fingerprint.ipp>
#endif
