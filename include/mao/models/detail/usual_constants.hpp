// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a CLIP computes with besides its weights: the text mask, position numbers, sizes that a file notes.

#include <string>

#include <mao/io/named_tensors.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/form.hpp>

namespace mao {

/// **Throws** `FormatError` for a mask of the text tower that is not causal, for positions that do not count from 0, and
/// for noted sizes that are not those of the tensors: among the tensors of the file, and among those that its modules
/// hold beside them.
void expect_usual_constants(const TensorFile& file, const ClipForm& form, const ClipArchitecture& sizes,
                            const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/usual_constants.ipp>
#endif
