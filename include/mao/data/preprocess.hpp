// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a model expects of its pixels.

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include <mao/core/error.hpp>
#include <mao/data/detail/resize_weights.hpp>

namespace mao {

/// How a picture that is no square becomes one.
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
  int resolution = 224;                                             ///< R, pixels a side
  std::array<float, 3> mean{0.48145466F, 0.4578275F, 0.40821073F};  ///< OpenAI CLIP's
  std::array<float, 3> deviation{0.26862954F, 0.26130258F, 0.27577711F};
  int resize = 0;  ///< short side before the crop; 0: the resolution
  Filter filter = Filter::bicubic;            ///< of evaluation; training crops are resized bicubically
  ResizeMode mode = ResizeMode::shortest;     ///< of evaluation
  bool crop_rounds_down = false;  ///< a crop at half a pixel moves left and up, as transformers does; else to even
  int fill = 0;                   ///< byte around a picture under ResizeMode::longest

  /// The short side before the crop, in pixels.
  [[nodiscard]] int short_side() const { return resize > 0 ? resize : resolution; }

  /// x / 127.5 - 1: pixels from -1 to 1, as MobileNet, Inception and SigLIP want them.
  static Preprocess symmetric(int side) {
    return {.resolution = side, .mean = {0.5F, 0.5F, 0.5F}, .deviation = {0.5F, 0.5F, 0.5F}};
  }

  friend bool operator==(const Preprocess&, const Preprocess&) = default;
};

namespace detail {

/// The shortest digits that are read back as the same floats.
inline std::string text_of_floats(const std::array<float, 3>& values) {
  std::string text;
  for (const float value : values) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text += (text.empty() ? "" : " ") + std::string(digits.data(), end);
  }
  return text;
}

}  // namespace detail

/// One line that differs wherever two settings do.
inline std::string describe(const Preprocess& preprocess) {
  const auto& [resolution, mean, deviation, resize, filter, mode, crop_rounds_down, fill] = preprocess;
  const int side = preprocess.short_side();
  std::string text = text_of("resize mode ", name_of(mode), " to ", side, " px, ", name_of(filter));
  if (mode == ResizeMode::longest || fill != 0) text += text_of(", filled with ", fill);
  if (mode == ResizeMode::shortest || side != resolution) text += text_of(", centre of ", resolution);
  if (crop_rounds_down) text += " (half pixels rounded down)";
  return text + "; mean " + detail::text_of_floats(mean) + ", std " + detail::text_of_floats(deviation);
}

/// **Throws** `OptionError` naming the setting that makes no sense.
inline void check(const Preprocess& preprocess) {
  require<OptionError>(preprocess.resolution > 0 && preprocess.resolution <= 8192, "preprocessing: resolution ",
                       preprocess.resolution, "; expected 1 to 8192 pixels, 224 for most models");
  const bool room = preprocess.resize >= preprocess.resolution && preprocess.resize <= 8192;
  require<OptionError>(preprocess.resize == 0 || room, "preprocessing: resize ", preprocess.resize,
                       "; expected 0 for the resolution, or ", preprocess.resolution,
                       " (the resolution) to 8192 pixels");
  require<OptionError>(preprocess.mode != ResizeMode::longest || preprocess.short_side() == preprocess.resolution,
                       "preprocessing: resize ", preprocess.resize, " under resize mode longest; expected 0");
  require<OptionError>(preprocess.fill >= 0 && preprocess.fill <= 255, "preprocessing: fill ", preprocess.fill,
                       "; expected a byte, 0 to 255");
  for (const float mean : preprocess.mean) {
    require<OptionError>(std::isfinite(mean), "preprocessing: a mean of ", mean, "; expected a finite number");
  }
  for (const float deviation : preprocess.deviation) {
    require<OptionError>(deviation > 0.0F && std::isfinite(deviation), "preprocessing: a deviation (std) of ",
                         deviation, "; expected a positive number");
  }
}

}  // namespace mao
