// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a model expects of its pixels.

#include <array>

namespace mao {

/// Resize the short side to `resize` (bicubic), crop the centre, scale to [0, 1], then (x - mean) / deviation per
/// channel.
struct Preprocess {
  int resolution = 224;                                             ///< R, pixels a side
  std::array<float, 3> mean{0.48145466F, 0.4578275F, 0.40821073F};  ///< OpenAI CLIP's
  std::array<float, 3> deviation{0.26862954F, 0.26130258F, 0.27577711F};
  int resize = 0;  ///< short side before the crop; 0: the resolution

  /// The short side before the crop, in pixels.
  [[nodiscard]] int short_side() const { return resize > 0 ? resize : resolution; }

  /// x / 127.5 - 1: pixels from -1 to 1, as MobileNet, Inception and SigLIP want them.
  static Preprocess symmetric(int side) {
    return {.resolution = side, .mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.5F, 0.5F, 0.5F}};
  }

  friend bool operator==(const Preprocess&, const Preprocess&) = default;
};

}  // namespace mao
