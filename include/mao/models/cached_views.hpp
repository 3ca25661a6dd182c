// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A fixed number of augmented views of each image, encoded once: an approximation of fresh augmentation.

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/core/output.hpp>
#include <mao/core/random.hpp>
#include <mao/models/image_sources.hpp>

namespace mao {

/// Shows K augmented views of each image over and over, with the features that the frozen model gives them.
///
/// **Differs** from fresh augmentation: training sees K crops of an image, not a new one every epoch. The features of
/// each are exact; their distribution is another. A view's key chooses one of the K at random.
///
/// Where `pixels` are shown as well, for methods that prompt the image tower, those views are decoded each time and
/// only the frozen model's features of them (PromptSRC's teacher, MAO's labels) are kept. Views that are not augmented
/// come from the source below as they are.
class CachedViews : public ImageSource {
 public:
  /// **Shape** features [K * N, D], not normalised, as `encode` makes them with the same seed.
  /// `model`: fingerprint of the model that they come from, as in `FeatureImages`.
  CachedViews(std::unique_ptr<ImageSource> source, Tensor features, std::uint64_t seed, bool pixels,
              std::string model = {})
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

  /// Encodes views 0 .. count - 1 of every image, `batch` at a time; `progress` is told how many are done.
  ///
  /// **Shape** [count * N, D], view by view. **Throws** `OptionError` for fewer than one view.
  template <class ModelT>
  static Tensor encode(const ModelT& model, ImageSource& source, std::int64_t count, std::uint64_t seed,
                       std::int64_t batch = 16, const std::function<void(std::int64_t)>& progress = {}) {
    require<OptionError>(count >= 1, "CachedViews: ", count, " views of each image, expected at least 1");
    require<DataError>(source.size() > 0, "CachedViews: there are no images to encode");
    return detail::encode_views(model, source, all_views(source.size(), count, seed, batch), progress);
  }

  [[nodiscard]] std::int64_t size() const override { return source_->size(); }
  /// K.
  [[nodiscard]] std::int64_t views_per_image() const { return views_; }

  void announce(const std::vector<std::vector<View>>& batches) override {
    std::vector<std::vector<View>> needed;
    for (const auto& views : batches) {
      if (pixels_ || !augmented(views)) needed.push_back(shown(views));
    }
    if (!needed.empty()) source_->announce(needed);
  }

  ImageBatch load(const std::vector<View>& views) override {
    if (!augmented(views)) return source_->load(views);
    ImageBatch batch;
    if (pixels_) batch.pixels = source_->load(shown(views)).pixels;
    for (const View& view : views) batch.places.push_back(number_of(view) * size() + view.image);
    batch.memory = memory_;
    batch.features_of = model_;
    batch.features = features_.index_select(0, at::tensor(batch.places).to(features_.device()));
    return batch;
  }

 private:
  /// The key of view `number` of an image: the same in every epoch.
  static View cached_view(std::uint64_t seed, std::int64_t image, std::int64_t number) {
    Rng rng = Rng(seed)["cached views"][static_cast<std::uint64_t>(number)][static_cast<std::uint64_t>(image)];
    return {.image = image, .key = rng.bits(), .augment = true};
  }

  static std::vector<std::vector<View>> all_views(std::int64_t images, std::int64_t count, std::uint64_t seed,
                                                  std::int64_t batch) {
    std::vector<std::vector<View>> batches;
    for (std::int64_t i = 0; i < count * images; ++i) {
      if (i % batch == 0) batches.emplace_back();
      batches.back().push_back(cached_view(seed, i % images, i / images));
    }
    return batches;
  }

  /// All views of a batch are augmented, or the batch is the source's own matter.
  static bool augmented(const std::vector<View>& views) {
    return std::all_of(views.begin(), views.end(), [](const View& view) { return view.augment; });
  }

  [[nodiscard]] std::int64_t number_of(const View& view) const {
    return static_cast<std::int64_t>(view.key % static_cast<std::uint64_t>(views_));
  }

  /// What the source is asked for.
  [[nodiscard]] std::vector<View> shown(std::vector<View> views) const {
    if (!augmented(views)) return views;
    for (View& view : views) view = cached_view(seed_, view.image, number_of(view));
    return views;
  }

  std::unique_ptr<ImageSource> source_;
  Tensor features_;  // [K * N, D]
  std::shared_ptr<const std::string> model_;
  std::shared_ptr<ViewMemory> memory_ = std::make_shared<ViewMemory>();
  std::uint64_t seed_;
  bool pixels_;
  std::int64_t views_ = 0;
};

}  // namespace mao
