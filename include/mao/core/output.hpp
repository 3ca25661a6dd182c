// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What goes into a backbone and what comes out of it.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <mao/core/batch.hpp>
#include <mao/core/class_list.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// What the frozen tower makes of the images of one batch, computed by whoever asks first: the method, its teacher and
/// a labeller share it.
struct FrozenFeatures {
  const void* model = nullptr;  ///< whose they are
  Tensor rows;                  ///< [B, D], un-normalised
};

/// Memory beside a source that shows the same views again and again, for what a method computes from each of them.
struct ViewMemory {
  /// Rows by owner, a key that nobody else has, then by place.
  std::map<std::shared_ptr<const void>, std::map<std::int64_t, Tensor>> rows;
};

/// The images of a batch as tensors: pixels, or, where the image tower is frozen and its features were kept, the
/// features.
struct ImageBatch {
  Tensor pixels;    ///< [B, 3, R, R] fp32, normalised; undefined when only features were kept
  Tensor features;  ///< [B, D] fp32, un-normalised output of the frozen tower; undefined when they were not kept
  /// Another view of the same images, where a backbone asks for two; undefined otherwise.
  Tensor second_pixels{}, second_features{};
  /// Room for the frozen tower's features of `pixels`; the tuner gives each batch its own. Null: they are not shared.
  std::shared_ptr<FrozenFeatures> frozen{};
  /// Of a source whose views come again; null where each is new.
  std::shared_ptr<ViewMemory> memory{};
  std::vector<std::int64_t> places{};  ///< [B], which view of the source each image is; empty without `memory`
  /// Fingerprint of the model that `features` come from; null where that is not known.
  std::shared_ptr<const std::string> features_of{};

  /// Number of images; 0 without pixels and features.
  [[nodiscard]] std::int64_t size() const {
    const Tensor& rows = pixels.defined() ? pixels : features;
    return rows.defined() ? rows.size(0) : 0;
  }
};

/// Where images come from: decoded files, memory, or a cache of frozen features.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  /// Number of images.
  [[nodiscard]] virtual std::int64_t size() const = 0;

  /// The images of one batch, in the order of `views`.
  virtual ImageBatch load(const std::vector<View>& views) = 0;

  /// Says which batches will be asked for next, in order, so that a loader can work ahead. Only a hint.
  virtual void announce(const std::vector<std::vector<View>>& batches) { static_cast<void>(batches); }
};

/// The result of a forward pass over the candidates of one loss.
struct Output {
  Tensor logits;          ///< [B, H] scale * cosine
  Tensor image;           ///< [B, D] unit rows
  Tensor text;            ///< [H, D] unit rows, or [B, H, D] where the prompt depends on the image
  Tensor scale;           ///< scalar, already exponentiated
  Candidates candidates;  ///< the class of each column
  ImageBatch images{};    ///< what was seen, for terms of a method's own; the tuner fills it in
  Candidates judged{};    ///< those of the task loss, where more were encoded; `losses_of` fills it in
};

}  // namespace mao
