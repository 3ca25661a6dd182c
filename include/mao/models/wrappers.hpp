// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Checkpoints whose model stands below a prefix: `state_dict.`, `model.`, `module.`, `_orig_mod.`, one behind the other,
/// as training programs, DistributedDataParallel, torch.compile and Lightning leave them.

#include <string>

#include <mao/io/named_tensors.hpp>

namespace mao {

/// The checkpoint of the model itself: the longest prefix that all its tensors have is taken off, the state of the
/// training beside it is left out. What holds no CLIP is returned as it is.
///
/// **Throws** `FormatError` naming what else is there: another model, or tensors that are no state of a training.
TensorFile unwrapped(TensorFile file, const std::string& source);

/// **Throws** `FormatError` naming a weight of integers: a quantised model, whose scales are not in its state dict.
void expect_real_weights(const TensorMap& tensors, const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/wrappers.ipp>
#endif
