// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pictures to what an image tower takes: the evaluation view, and the random views of training.

#include <array>
#include <cstddef>
#include <cstdint>
#include <mao/core/error.hpp>
#include <mao/core/random.hpp>
#include <mao/data/image.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/data/random_crop.hpp>
#include <mao/data/resize.hpp>
#include <utility>

namespace mao {

namespace detail {

/// The value of each byte after scaling to [0, 1] and normalising, in float as torchvision computes it.
inline std::array<float, 256> channel_values(float mean, float deviation) {
  std::array<float, 256> values{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    values[byte] = (static_cast<float>(byte) / 255.0F - mean) / deviation;
  }
  return values;
}

/// Where the evaluation view comes from: the size to resize to, and the square in the middle.
struct EvaluationGeometry {
  int width;
  int height;
  Box square;
};

/// `side` is the short side after resizing, `square` that of the crop; 0: the same.
inline EvaluationGeometry evaluation_geometry(int width, int height, int side, int square = 0) {
  const int kept = square > 0 ? square : side;
  EvaluationGeometry result{side, side, {0, 0, kept, kept}};
  const auto stretched = [side](int longer, int shorter) {
    return static_cast<int>(static_cast<double>(side) * longer / shorter);  // truncated, as torchvision does
  };
  if (width <= height) {
    result.height = stretched(height, width);
  } else {
    result.width = stretched(width, height);
  }
  result.square.left = rounded_half_even((result.width - kept) / 2.0);
  result.square.top = rounded_half_even((result.height - kept) / 2.0);
  return result;
}

}  // namespace detail

/// Bytes to normalised floats, one plane per channel, mirrored left to right or not.
///
/// **Shapes** image [H, W, 3], out [3, H, W].
inline void normalise(const ImageView& image, const Preprocess& preprocess, float* out, bool mirrored = false) {
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const auto values = detail::channel_values(preprocess.mean[channel], preprocess.deviation[channel]);
    for (int y = 0; y < image.height; ++y, out += image.width) {
      const std::uint8_t* pixel = image.row(y) + channel;
      if (mirrored) {
        for (int x = image.width - 1; x >= 0; --x, pixel += 3) out[x] = values[*pixel];
      } else {
        for (int x = 0; x < image.width; ++x, pixel += 3) out[x] = values[*pixel];
      }
    }
  }
}

/// **Throws** `OptionError` naming the setting that makes no sense.
inline void check(const Preprocess& preprocess) {
  require<OptionError>(preprocess.resolution > 0 && preprocess.resolution <= 8192, "preprocessing: resolution ",
                       preprocess.resolution, "; expected 1 to 8192 pixels, 224 for most models");
  const bool room = preprocess.resize >= preprocess.resolution && preprocess.resize <= 8192;
  require<OptionError>(preprocess.resize == 0 || room, "preprocessing: resize ", preprocess.resize,
                       "; expected 0 for the resolution, or ", preprocess.resolution,
                       " (the resolution) to 8192 pixels");
  for (const float deviation : preprocess.deviation) {
    require<OptionError>(deviation > 0.0F, "preprocessing: a deviation of ", deviation, "; expected a positive number");
  }
}

/// The evaluation view: short side to `short_side` (bicubic; 0: to R), the R x R square in the middle.
inline Image evaluation_pixels(const ImageView& image, int resolution, int short_side = 0) {
  const auto geometry =
      detail::evaluation_geometry(image.width, image.height, short_side > 0 ? short_side : resolution, resolution);
  return resize(image, geometry.width, geometry.height, Filter::bicubic, geometry.square);
}

namespace detail {

/// A training view before it is mirrored, and whether it is to be.
struct CroppedView {
  Image pixels;
  bool mirrored;
};

inline CroppedView cropped_view(const ImageView& image, int resolution, const Augment& augment, Rng rng) {
  const Box box = random_crop(image.width, image.height, augment, rng);
  const bool mirrored = rng.uniform() < augment.flip;
  return {resize_bicubic(crop_view(image, box), resolution, resolution), mirrored};
}

}  // namespace detail

/// A training view: a random rectangle resized to R x R (bicubic), mirrored or not.
inline Image augmented_pixels(const ImageView& image, int resolution, const Augment& augment, Rng rng) {
  auto view = detail::cropped_view(image, resolution, augment, rng);
  return view.mirrored ? flip(view.pixels) : std::move(view.pixels);
}

/// The evaluation view as a tower takes it, bit for bit torchvision's Resize, CenterCrop, ToTensor, Normalize on a
/// Pillow image.
///
/// **Shapes** out [3, R, R].
inline void evaluation_view(const ImageView& image, const Preprocess& preprocess, float* out) {
  const Image pixels = evaluation_pixels(image, preprocess.resolution, preprocess.resize);
  normalise(pixels, preprocess, out);
}

/// The training view that `rng` gives. **Shapes** out [3, R, R].
inline void augmented_view(const ImageView& image, const Preprocess& preprocess, const Augment& augment, Rng rng,
                           float* out) {
  const auto view = detail::cropped_view(image, preprocess.resolution, augment, rng);
  normalise(view.pixels, preprocess, out, view.mirrored);
}

}  // namespace mao
