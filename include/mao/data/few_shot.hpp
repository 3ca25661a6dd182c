// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A few images per class: the published draws, image for image.

#include <cstddef>
#include <cstdint>
#include <mao/data/dataset.hpp>
#include <vector>

namespace mao {

/// What a run with few images per class trains on.
struct FewShot {
  std::vector<Item> train;
  std::vector<Item> val;
};

/// `shots` training images per class, and min(shots, 4) of val, from one random stream; a class with fewer gives all.
///
/// Give it the whole data set and take `base_half` afterwards: the published draws were made on all classes.
///
/// **Source** CoOp and Dassl, `generate_fewshot_dataset`, with Python's `random` seeded by `seed`.
/// **Throws** `OptionError` for 0 shots.
FewShot draw_few_shot(const Dataset& dataset, std::size_t shots, std::uint64_t seed);

/// The training part of `draw_few_shot`. **Throws** `OptionError` for 0 shots.
std::vector<Item> few_shot(const std::vector<Item>& train, std::size_t shots, std::uint64_t seed);

/// The data set with train and val cut down to `shots` per class. **Throws** `OptionError` for 0 shots.
Dataset few_shot_dataset(Dataset dataset, std::size_t shots, std::uint64_t seed);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/few_shot.ipp>
#endif
