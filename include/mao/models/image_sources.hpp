// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Sources of images for a tuner: tensors in memory, cached features of a frozen tower, or files.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/detail/free_functions.hpp>
#include <mao/core/detail/image_calls.hpp>
#include <mao/core/output.hpp>
#include <mao/data/loader.hpp>

namespace mao {

namespace detail {

/// **Throws** `OptionError` for a view of an image that does not exist.
void expect_images(const std::vector<View>& views, std::int64_t count, const char* source);

Tensor rows_of(const Tensor& all, const std::vector<View>& views, const char* source);

/// The features of those views from a frozen model, batch by batch; `progress` gets the number that is done. **Shape**
/// [views, D].
template <class ModelT>
Tensor encode_views(const ModelT& model, ImageSource& source, const std::vector<std::vector<View>>& batches,
                    const std::function<void(std::int64_t)>& progress) {
  const at::NoGradGuard frozen;
  const StepPlace place{.name = "encoding"};
  announce_to(source, batches, place);
  std::vector<Tensor> parts;
  std::int64_t done = 0;
  for (const auto& views : batches) {
    const Tensor pixels = load_from(source, views, place).pixels;
    require<PolicyError>(pixels.defined(), place, ": the image source gave features, expected pixels to encode");
    parts.push_back(model.encode_image(pixels));
    done += static_cast<std::int64_t>(views.size());
    if (progress) progress(done);
  }
  return joined_rows(parts);
}

/// A fingerprint that is passed on with every batch; null if there is none.
inline std::shared_ptr<const std::string> known(std::string model) {
  return model.empty() ? nullptr : std::make_shared<const std::string>(std::move(model));
}

template <class ModelT>
std::string fingerprint_or_none(const ModelT& model) {
  if constexpr (requires {
                  { model.fingerprint() } -> std::convertible_to<std::string>;
                })
    return model.fingerprint();
  return {};
}

}  // namespace detail

/// Preprocessed images in memory; all views of an image are the same.
class TensorImages : public ImageSource {
 public:
  /// **Shape** pixels [N, 3, R, R].
  explicit TensorImages(Tensor pixels) : pixels_(std::move(pixels)) {
    expect_shape(pixels_, {-1, 3, -1, -1}, "TensorImages: pixels");
  }
  [[nodiscard]] std::int64_t size() const override { return pixels_.size(0); }
  ImageBatch load(const std::vector<View>& views) override {
    return {.pixels = detail::rows_of(pixels_, views, "TensorImages"), .features = {}};
  }

 private:
  Tensor pixels_;
};

/// Features of a frozen image tower, encoded once. Exact for the evaluation view, without augmentation.
class FeatureImages : public ImageSource {
 public:
  /// `model`: fingerprint of the model that computed them; a method on another model refuses them. Empty: not checked.
  /// **Shape** features [N, D], not normalised.
  explicit FeatureImages(Tensor features, std::string model = {})
      : features_(std::move(features)), model_(detail::known(std::move(model))) {
    expect_shape(features_, {-1, -1}, "FeatureImages: features");
  }

  /// Encodes the evaluation view of every image of `source`, `batch` at a time; `progress` gets the number done.
  /// With batches of 16, a tower's activations fit into the cache of a CPU core; with 32, they do not.
  template <class ModelT>
  static FeatureImages encode(const ModelT& model, ImageSource& source, std::int64_t batch = 16,
                              const std::function<void(std::int64_t)>& progress = {}) {
    const auto batches = evaluation_views(source.size(), batch);
    require<DataError>(!batches.empty(), "FeatureImages: there are no images to encode");
    return FeatureImages(detail::encode_views(model, source, batches, progress), detail::fingerprint_or_none(model));
  }

  [[nodiscard]] std::int64_t size() const override { return features_.size(0); }
  ImageBatch load(const std::vector<View>& views) override;

  /// [N, D]
  [[nodiscard]] const Tensor& features() const { return features_; }

 private:
  Tensor features_;
  std::shared_ptr<const std::string> model_;
};

/// Adds the features of the evaluation view to the images of another source, for methods that prompt the image tower
/// and compare with the frozen one. Augmented views have no features.
class FeaturedImages : public ImageSource {
 public:
  /// `model` as in `FeatureImages`. **Shape** features [N, D], not normalised, one row for each image of `pixels`.
  FeaturedImages(std::unique_ptr<ImageSource> pixels, Tensor features, std::string model = {});

  [[nodiscard]] std::int64_t size() const override { return pixels_->size(); }
  void announce(const std::vector<std::vector<View>>& batches) override { pixels_->announce(batches); }
  ImageBatch load(const std::vector<View>& views) override;

 private:
  std::unique_ptr<ImageSource> pixels_;
  Tensor features_;
  std::shared_ptr<const std::string> model_;
  std::shared_ptr<ViewMemory> memory_ = std::make_shared<ViewMemory>();
};

/// Image files that worker threads decode and transform.
class FileImages : public ImageSource {
 public:
  FileImages(std::vector<std::filesystem::path> files, LoaderOptions options)
      : count_(static_cast<std::int64_t>(files.size())),
        resolution_(options.preprocess.resolution),
        loader_(std::make_unique<Loader>(std::move(files), std::move(options))) {}

  [[nodiscard]] std::int64_t size() const override { return count_; }
  void announce(const std::vector<std::vector<View>>& batches) override { loader_->announce(batches); }
  ImageBatch load(const std::vector<View>& views) override;

 private:
  std::int64_t count_;
  std::int64_t resolution_;
  std::unique_ptr<Loader> loader_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/image_sources.ipp>
#endif
