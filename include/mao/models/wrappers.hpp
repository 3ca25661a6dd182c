// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Checkpoints whose tensors have prefixes (`state_dict.`, `model.`, `module.`, `_orig_mod.`, also several of them), as
/// training programs, DistributedDataParallel, torch.compile and Lightning write them.

#include <string>

#include <mao/io/named_tensors.hpp>

namespace mao {

/// The checkpoint of the model itself: the longest prefix that all its tensors have is removed, and the training state
/// is left out. A file without a CLIP is returned unchanged.
///
/// **Throws** `FormatError` naming another model, or tensors that are not training state.
TensorFile unwrapped(TensorFile file, const std::string& source);

/// **Throws** `FormatError` naming an integer weight: a quantised model, whose scales are not in its state dict.
void expect_real_weights(const TensorMap& tensors, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/wrappers.ipp>
#endif
