// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What counts as a source of pixels.

#include <concepts>
#include <cstdint>
#include <mao/core/batch.hpp>
#include <vector>

namespace mao {

/// Writes views of numbered images as [B, 3, R, R] floats, and is told beforehand which batches will follow. `Loader` is
/// one.
template <class LoaderT>
concept ImageLoader = requires(LoaderT& loader, const LoaderT& fixed, const std::vector<View>& views, float* out,
                               const std::vector<std::vector<View>>& batches) {
  { fixed.size() } -> std::convertible_to<std::int64_t>;
  loader.announce(batches);
  loader.load(views, out);
};

}  // namespace mao
