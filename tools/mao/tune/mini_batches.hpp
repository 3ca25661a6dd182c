// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pictures of mini-batches: what the frozen model makes of one with hard negatives and of one that is shuffled.

#include <nlohmann/json.hpp>

#include "methods/method.hpp"

namespace mao_program {

/// The first mini-batch of a run of MAO, and a shuffled one of as many images: unit features of the images and of their
/// classes, and thumbnails. `images` are the training images of `half` as pixels. **Paper** MAO, Figures 5 and 6.
nlohmann::json mini_batches(const OpenedModel& opened, const TaskHalf& half, ImageSource& images,
                            const Similarity& similarity, const HardNegativeOptions& options,
                            const MethodSettings& settings, std::uint64_t seed);

}  // namespace mao_program
