// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A few images per class, with the same images as in the published draws.

#include <cstddef>
#include <cstdint>
#include <mao/data/dataset.hpp>
#include <vector>

namespace mao {

/// The images of a few-shot run.
struct FewShot {
  std::vector<Item> train;
  std::vector<Item> val;
};

/// `shots` training images per class, and min(shots, 4) of val, from one random stream; all images of smaller classes.
///
/// Draw from the whole data set and call `base_half` afterwards, because the published draws are from all classes.
///
/// **Source** CoOp and Dassl, `generate_fewshot_dataset`, with Python's `random` seeded by `seed`.
/// **Throws** `OptionError` for 0 shots.
FewShot draw_few_shot(const Dataset& dataset, std::size_t shots, std::uint64_t seed);

/// The training part of `draw_few_shot`. **Throws** `OptionError` for 0 shots.
std::vector<Item> few_shot(const std::vector<Item>& train, std::size_t shots, std::uint64_t seed);

/// The data set with train and val reduced to `shots` per class. **Throws** `OptionError` for 0 shots.
Dataset few_shot_dataset(Dataset dataset, std::size_t shots, std::uint64_t seed);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/few_shot.ipp>
#endif
