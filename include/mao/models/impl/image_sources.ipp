// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/image_sources.hpp>

#include <algorithm>

#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE void expect_images(const std::vector<View>& views, std::int64_t count, const char* source) {
  for (const View& view : views) {
    require<OptionError>(view.image >= 0 && view.image < count, source, ": image ", view.image, "; there are ", count,
                         ", numbered from 0");
  }
}

MAO_INLINE Tensor rows_of(const Tensor& all, const std::vector<View>& views, const char* source) {
  expect_images(views, all.size(0), source);
  std::vector<std::int64_t> rows;
  rows.reserve(views.size());
  for (const View& view : views) rows.push_back(view.image);
  return all.index_select(0, at::tensor(rows).to(all.device()));
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ImageBatch FeatureImages::load(const std::vector<View>& views) {
  ImageBatch batch{.pixels = {}, .features = detail::rows_of(features_, views, "FeatureImages")};
  batch.features_of = model_;
  return batch;
}

MAO_INLINE FeaturedImages::FeaturedImages(std::unique_ptr<ImageSource> pixels, Tensor features, std::string model)
    : pixels_(not_null(std::move(pixels), "FeaturedImages: the source of pixels")),
      features_(std::move(features)),
      model_(detail::known(std::move(model))) {
  expect_shape(features_, {pixels_->size(), -1}, "FeaturedImages: features");
}

MAO_INLINE ImageBatch FeaturedImages::load(const std::vector<View>& views) {
  detail::expect_images(views, size(), "FeaturedImages");
  ImageBatch batch = pixels_->load(views);
  const bool augmented = std::any_of(views.begin(), views.end(), [](const View& view) { return view.augment; });
  if (augmented) return batch;
  batch.features = detail::rows_of(features_, views, "FeaturedImages");
  batch.features_of = model_;
  batch.memory = memory_;
  for (const View& view : views) batch.places.push_back(view.image);
  return batch;
}

MAO_INLINE ImageBatch FileImages::load(const std::vector<View>& views) {
  const std::shared_ptr<float[]> memory = loader_->take(views);
  const auto count = static_cast<std::int64_t>(views.size());
  const auto keep = [memory](void*) {};  // as long as the tensor
  return {.pixels = at::from_blob(memory.get(), {count, 3, resolution_, resolution_}, keep, at::kFloat),
          .features = {}};
}

}  // namespace mao
