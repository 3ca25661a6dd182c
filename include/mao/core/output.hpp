// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The input and the output of a backbone.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// The frozen tower's features of the images in one batch. The first user computes them; the method, its teacher and a
/// labeller share them.
struct FrozenFeatures {
  const void* model = nullptr;  ///< the model that computed them
  Tensor rows;                  ///< [B, D], un-normalised
};

/// Memory for a source that repeats its views: what a method computes from each view is stored here.
struct ViewMemory {
  /// Rows by owner, a unique key, then by place.
  std::map<std::shared_ptr<const void>, std::map<std::int64_t, Tensor>> rows;
};

/// The images of a batch as tensors: pixels, or features if the image tower is frozen and its features are
/// cached.
struct ImageBatch {
  Tensor pixels;    ///< [B, 3, R, R] fp32, normalised; undefined if only features are cached
  Tensor features;  ///< [B, D] fp32, un-normalised output of the frozen tower; undefined if not cached
  /// Another view of the same images if a backbone needs two views; otherwise undefined.
  Tensor second_pixels{}, second_features{};
  /// A place for the frozen tower's features of `pixels`; the tuner gives each batch its own. Null: not shared.
  std::shared_ptr<FrozenFeatures> frozen{};
  /// For a source that repeats its views; null if each view is new.
  std::shared_ptr<ViewMemory> memory{};
  std::vector<std::int64_t> places{};  ///< [B], which view of the source each image is; empty without `memory`
  /// Fingerprint of the model that `features` come from; null if not known.
  std::shared_ptr<const std::string> features_of{};

  /// Number of images; 0 if there are neither pixels nor features.
  [[nodiscard]] std::int64_t size() const {
    const Tensor& rows = pixels.defined() ? pixels : features;
    return rows.defined() ? rows.size(0) : 0;
  }
};

/// A source of images: decoded files, memory, or a cache of frozen features.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  /// Number of images.
  [[nodiscard]] virtual std::int64_t size() const = 0;

  /// The images of one batch, in the order of `views`.
  virtual ImageBatch load(const std::vector<View>& views) = 0;

  /// Announces the next batches, in order, so that a loader can work ahead. Only a hint.
  virtual void announce(const std::vector<std::vector<View>>& batches) { static_cast<void>(batches); }
};

/// The result of a forward pass over the candidates of one loss.
struct Output {
  Tensor logits;          ///< [B, H] scale * cosine
  Tensor image;           ///< [B, D] unit rows
  Tensor text;            ///< [H, D] unit rows, or [B, H, D] if the prompt depends on the image
  Tensor scale;           ///< scalar, already exponentiated
  Candidates candidates;  ///< the class of each column
  ImageBatch images{};    ///< the images, for a method's own loss terms; the tuner fills it in
  Candidates judged{};    ///< those of the task loss, if more were encoded; `losses_of` fills it in
};

}  // namespace mao
