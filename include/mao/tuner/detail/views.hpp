// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which view of each image a step sees: keys that depend on seed, epoch and place alone, so that threads and
/// interruptions change nothing.

#include <vector>

#include <mao/core/detail/policy_call.hpp>
#include <mao/core/output.hpp>

namespace mao {

/// The views of an epoch's batches, with a key of its own for each image of each batch.
std::vector<std::vector<View>> views_of(const std::vector<Batch>& batches, std::uint64_t seed, int epoch, bool augment);

/// Other views of the same images. None where they are not augmented: a second evaluation view is the first.
std::vector<View> second_views(const std::vector<View>& views);

/// Everything that `load_views` will ask a source for, in order.
std::vector<std::vector<View>> wanted_views(const std::vector<std::vector<View>>& batches, bool twice);

/// The images in those views and, where `twice`, again in others (`second_pixels`, `second_features`).
ImageBatch load_views(ImageSource& images, const std::vector<View>& views, bool twice, const StepPlace& place = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/views.ipp>
#endif
