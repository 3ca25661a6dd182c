// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/cached_views.hpp>

#include <utility>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/random.hpp>

namespace mao {

MAO_INLINE CachedViews::CachedViews(std::unique_ptr<ImageSource> source, Tensor features, std::uint64_t seed,
                                    bool pixels, std::string model)
    : source_(not_null(std::move(source), "CachedViews: the source")),
      features_(std::move(features)),
      model_(detail::known(std::move(model))),
      seed_(seed),
      pixels_(pixels) {
  const std::int64_t images = source_->size();
  expect_shape(features_, {-1, -1}, "CachedViews: features");
  require<ShapeError>(images > 0 && features_.size(0) > 0 && features_.size(0) % images == 0,
                      "CachedViews: ", features_.size(0), " rows of features for ", images,
                      " images; expected K for each, view by view");
  views_ = features_.size(0) / images;
}

MAO_INLINE void CachedViews::announce(const std::vector<std::vector<View>>& batches) {
  std::vector<std::vector<View>> needed;
  for (const auto& views : batches) {
    if (pixels_ || !augmented(views)) needed.push_back(shown(views));
  }
  if (!needed.empty()) source_->announce(needed);
}

MAO_INLINE ImageBatch CachedViews::load(const std::vector<View>& views) {
  detail::expect_images(views, size(), "CachedViews");
  if (!augmented(views)) return source_->load(views);
  ImageBatch batch;
  if (pixels_) batch.pixels = source_->load(shown(views)).pixels;
  for (const View& view : views) batch.places.push_back(number_of(view) * size() + view.image);
  batch.memory = memory_;
  batch.features_of = model_;
  batch.features = features_.index_select(0, at::tensor(batch.places).to(features_.device()));
  return batch;
}

MAO_INLINE View CachedViews::cached_view(std::uint64_t seed, std::int64_t image, std::int64_t number) {
  Rng rng = Rng(seed)["cached views"][static_cast<std::uint64_t>(number)][static_cast<std::uint64_t>(image)];
  return {.image = image, .key = rng.bits(), .augment = true};
}

MAO_INLINE std::vector<std::vector<View>> CachedViews::all_views(std::int64_t images, std::int64_t count,
                                                                 std::uint64_t seed, std::int64_t batch) {
  std::vector<std::vector<View>> batches;
  for (std::int64_t i = 0; i < count * images; ++i) {
    if (i % batch == 0) batches.emplace_back();
    batches.back().push_back(cached_view(seed, i % images, i / images));
  }
  return batches;
}

MAO_INLINE std::vector<View> CachedViews::shown(std::vector<View> views) const {
  if (!augmented(views)) return views;
  for (View& view : views) view = cached_view(seed_, view.image, number_of(view));
  return views;
}

}  // namespace mao
