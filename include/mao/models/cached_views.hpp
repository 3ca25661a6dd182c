// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A fixed number of augmented views of each image, encoded once, as an approximation of fresh augmentation.

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include <mao/core/output.hpp>
#include <mao/models/image_sources.hpp>

namespace mao {

/// Repeats K augmented views of each image, with their features from the frozen model.
///
/// **Differs** from fresh augmentation: training sees K crops of an image, not a new crop in every epoch. The features
/// of each crop are exact, but the distribution is different. A view's key selects one of the K at random.
///
/// With `pixels`, for methods that prompt the image tower, the views are decoded each time, and only the frozen model's
/// features of them (for PromptSRC's teacher, MAO's labels) are cached. Views without augmentation come unchanged from
/// the underlying source.
class CachedViews : public ImageSource {
 public:
  /// **Shape** features [K * N, D], not normalised, as `encode` makes them with the same seed.
  /// `model`: fingerprint of the model that computed them, as in `FeatureImages`.
  CachedViews(std::unique_ptr<ImageSource> source, Tensor features, std::uint64_t seed, bool pixels,
              std::string model = {});

  /// Encodes views 0 .. count - 1 of every image, `batch` at a time; `progress` gets the number that is done.
  ///
  /// **Shape** [count * N, D], view by view. **Throws** `OptionError` for fewer than one view or an empty batch.
  template <class ModelT>
  static Tensor encode(const ModelT& model, ImageSource& source, std::int64_t count, std::uint64_t seed,
                       std::int64_t batch = 16, const std::function<void(std::int64_t)>& progress = {}) {
    require<OptionError>(count >= 1, "CachedViews: ", count, " views of each image, expected at least 1");
    require<OptionError>(batch >= 1, "CachedViews: batches of ", batch, " views, expected at least 1");
    require<DataError>(source.size() > 0, "CachedViews: there are no images to encode");
    return detail::encode_views(model, source, all_views(source.size(), count, seed, batch), progress);
  }

  [[nodiscard]] std::int64_t size() const override { return source_->size(); }
  /// K.
  [[nodiscard]] std::int64_t views_per_image() const { return views_; }

  void announce(const std::vector<std::vector<View>>& batches) override;

  ImageBatch load(const std::vector<View>& views) override;

 private:
  /// The key of view `number` of an image: the same in every epoch.
  static View cached_view(std::uint64_t seed, std::int64_t image, std::int64_t number);

  static std::vector<std::vector<View>> all_views(std::int64_t images, std::int64_t count, std::uint64_t seed,
                                                  std::int64_t batch);

  /// True if all views of a batch are augmented; otherwise the batch comes from the source.
  static bool augmented(const std::vector<View>& views) {
    return std::all_of(views.begin(), views.end(), [](const View& view) { return view.augment; });
  }

  [[nodiscard]] std::int64_t number_of(const View& view) const {
    return static_cast<std::int64_t>(view.key % static_cast<std::uint64_t>(views_));
  }

  /// The views that are requested from the source.
  [[nodiscard]] std::vector<View> shown(std::vector<View> views) const;

  std::unique_ptr<ImageSource> source_;
  Tensor features_;  // [K * N, D]
  std::shared_ptr<const std::string> model_;
  std::shared_ptr<ViewMemory> memory_ = std::make_shared<ViewMemory>();
  std::uint64_t seed_;
  bool pixels_;
  std::int64_t views_ = 0;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/cached_views.ipp>
#endif
