// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The output of a sampler: the images of a step and their labels. No tensors here.

#include <cstdint>
#include <vector>

namespace mao {

/// The images of one step.
///
/// **Shapes** `images` [B], `labels` [B] (or empty until a pseudo-labelling sampler has seen the images), `weights` [B]
/// or empty for 1 each, `targets` [B, C] row by row or empty.
struct Batch {
  std::vector<std::int64_t> images;  ///< positions in the `ImageSource` that the tuner reads from
  std::vector<std::int64_t> labels;  ///< positions in the bound `ClassList`
  std::vector<float> weights;        ///< 0 takes an image out of the loss
  std::vector<float> targets = {};   ///< soft labels: a distribution over the C bound classes, instead of `labels`

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(images.size()); }
};

/// The number of an epoch.
struct EpochInfo {
  int epoch = 0;    ///< 0-based: the epoch to draw (`Sampler`), or the one that has just ended (`end_epoch`)
  int horizon = 0;  ///< number of epochs of this stage
};

/// One image in one view: the same key gives the same crop and flip on any thread.
struct View {
  std::int64_t image = 0;  ///< position in the source
  std::uint64_t key = 0;   ///< seed of the augmentation; unused when `augment` is false
  bool augment = false;    ///< false: the evaluation transform (resize, centre crop)
};

/// The evaluation view of images 0 .. count - 1 in order, at most `size` per batch.
/// **Throws** `OptionError` for a negative `count` or a `size` below 1.
std::vector<std::vector<View>> evaluation_views(std::int64_t count, std::int64_t size);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/batch.ipp>
#endif
