// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Splits data that has no split.

#include <cstdint>
#include <mao/data/dataset.hpp>
#include <string>
#include <vector>

namespace mao {

/// Splits every class's images 50 % train, 20 % val, 30 % test, with at least one image each in train and test.
///
/// The split depends only on the seed, the class names and the set of paths, not on the order of `items`. Adding a
/// class does not change the split of the others. Fills `train`, `val` and `test` of `dataset`.
///
/// **Throws** `DataError` naming a class with fewer than two images.
void split_automatically(Dataset& dataset, const std::vector<Item>& items, std::uint64_t seed,
                         const std::string& source);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/auto_split.ipp>
#endif
