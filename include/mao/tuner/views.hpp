// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which view of each image a step sees: keys that depend on seed, epoch and place alone, so that threads and
/// interruptions change nothing.

#include <utility>
#include <vector>

#include <mao/core/output.hpp>
#include <mao/core/random.hpp>

namespace mao {

/// The views of an epoch's batches, with a key of its own for each image of each batch.
inline std::vector<std::vector<View>> views_of(const std::vector<Batch>& batches, std::uint64_t seed, int epoch,
                                               bool augment) {
  Rng keys = Rng(seed)["views"][static_cast<std::uint64_t>(epoch)];
  std::vector<std::vector<View>> views;
  views.reserve(batches.size());
  for (const Batch& batch : batches) {
    auto& of_batch = views.emplace_back();
    for (const std::int64_t image : batch.images) of_batch.push_back({image, keys.bits(), augment});
  }
  return views;
}

/// The images in those views and, where `twice`, once more in others (`second_pixels`, `second_features`).
inline ImageBatch load_views(ImageSource& images, std::vector<View> views, bool twice) {
  ImageBatch batch = images.load(views);
  if (!twice) return batch;
  for (View& view : views) view.key = Rng(view.key)["second view"].bits();
  const ImageBatch second = images.load(views);
  batch.second_pixels = second.pixels;
  batch.second_features = second.features;
  return batch;
}

}  // namespace mao
