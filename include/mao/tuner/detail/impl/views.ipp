// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/views.hpp>

#include <memory>

#include <mao/config.hpp>
#include <mao/core/detail/image_calls.hpp>
#include <mao/core/random.hpp>

namespace mao {

MAO_INLINE std::vector<std::vector<View>> views_of(const std::vector<Batch>& batches, std::uint64_t seed, int epoch,
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

MAO_INLINE std::vector<View> second_views(const std::vector<View>& views) {
  std::vector<View> others;
  for (const View& view : views) {
    if (view.augment) others.push_back({view.image, Rng(view.key)["second view"].bits(), true});
  }
  return others;
}

MAO_INLINE std::vector<std::vector<View>> wanted_views(const std::vector<std::vector<View>>& batches, bool twice) {
  std::vector<std::vector<View>> wanted;
  for (const auto& views : batches) {
    wanted.push_back(views);
    if (!twice) continue;
    if (auto second = second_views(views); !second.empty()) wanted.push_back(std::move(second));
  }
  return wanted;
}

MAO_INLINE ImageBatch load_views(ImageSource& images, const std::vector<View>& views, bool twice,
                                 const StepPlace& place) {
  ImageBatch batch = load_from(images, views, place);
  if (!batch.features.defined()) batch.frozen = std::make_shared<FrozenFeatures>();
  if (!twice) return batch;
  const std::vector<View> others = second_views(views);
  const ImageBatch second = others.empty() ? batch : load_from(images, others, place);
  batch.second_pixels = second.pixels;
  batch.second_features = second.features;
  return batch;
}

}  // namespace mao
