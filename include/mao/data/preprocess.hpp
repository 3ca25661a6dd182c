// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The preprocessing that a model expects.

#include <array>
#include <string>

#include <mao/data/detail/resize_weights.hpp>
#include <mao/data/transparency.hpp>

namespace mao {

/// How a picture is made square.
enum class ResizeMode {
  shortest,  ///< its short side is resized, its centre kept
  longest,   ///< its long side is resized, the rest filled with one grey
  squash     ///< both sides are resized
};

inline const char* name_of(ResizeMode mode) {
  return mode == ResizeMode::shortest ? "shortest" : mode == ResizeMode::longest ? "longest" : "squash";
}
inline const char* name_of(Filter filter) { return filter == Filter::bicubic ? "bicubic" : "bilinear"; }

/// Resize, keep the square in the centre, scale to [0, 1], then (x - mean) / deviation per channel.
struct Preprocess {
  int resolution = 224;                                             ///< R, pixels per side
  std::array<float, 3> mean{0.48145466F, 0.4578275F, 0.40821073F};  ///< OpenAI CLIP's
  std::array<float, 3> deviation{0.26862954F, 0.26130258F, 0.27577711F};
  int resize = 0;  ///< short side before the crop; 0: the resolution
  Filter filter = Filter::bicubic;            ///< for evaluation; training crops are always bicubic
  ResizeMode mode = ResizeMode::shortest;     ///< for evaluation
  bool crop_rounds_down = false;  ///< a crop at half a pixel moves left and up, as transformers does; else to even
  int fill = 0;                   ///< byte around a picture under ResizeMode::longest
  Transparency transparency = Transparency::drop;  ///< white for models of transformers 5

  /// The short side before the crop, in pixels.
  [[nodiscard]] int short_side() const { return resize > 0 ? resize : resolution; }

  /// x / 127.5 - 1: pixels from -1 to 1, for MobileNet, Inception and SigLIP.
  static Preprocess symmetric(int side) {
    return {.resolution = side, .mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.5F, 0.5F, 0.5F}};
  }

  friend bool operator==(const Preprocess&, const Preprocess&) = default;
};

/// One line; it differs if any setting differs.
std::string describe(const Preprocess& preprocess);

/// **Throws** `OptionError` naming a setting out of range.
void check(const Preprocess& preprocess);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/preprocess.ipp>
#endif
