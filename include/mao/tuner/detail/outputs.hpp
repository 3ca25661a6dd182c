// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a tuner does with a backbone's output beside the loss.

#include <mao/core/output.hpp>

namespace mao {

/// The candidates' columns of an output over more classes; columns are found by class, in the order of `candidates`.
///
/// **Throws** `ShapeError` for a candidate that the output has no column of.
Output select_candidates(const Output& full, const Candidates& candidates);

/// Percent of the images whose best candidate is their label. **Throws** `ShapeError` unless there is a row of logits
/// for each label and a column for each candidate.
double batch_accuracy(const Output& output, const Batch& batch);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/outputs.ipp>
#endif
