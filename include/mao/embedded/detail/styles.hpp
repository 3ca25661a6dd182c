// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The styles of the embedded world: how a picture is finished once the object stands before its background.

#include <array>
#include <cstddef>
#include <string_view>

#include <mao/core/random.hpp>
#include <mao/embedded/detail/textures.hpp>

namespace mao::embedded {

inline constexpr std::size_t image_side = 48;

/// A picture in the making: colours in [0, 1], row by row.
using Canvas = std::array<Colour, image_side * image_side>;

/// The strength of each effect; the defaults are a plain photo. Every effect is continuous in its strength.
struct Style {
  float frequency = 1;  ///< factor on the texture's frequency
  float clutter = 0;    ///< coloured discs near the picture's edge (a fraction is one fainter disc)
  float paper = 0;      ///< 1: paper instead of the background
  float outline = 0;    ///< opacity of a dark line of 1 pixel around the object
  float pale = 0;       ///< how far the object's fill is washed out
  float saturation = 1;
  float hue = 0;            ///< rotation about the gray axis, radians
  Colour cast = {1, 1, 1};  ///< factor per channel
  float contrast = 1;       ///< about mid-gray
  float gain = 1;
  float lift = 0;       ///< added after the gain
  float blur = 0;       ///< passes of a [.25 .5 .25] filter in both directions; a fraction is a weaker pass
  float noise = 0.02F;  ///< standard deviation per channel
};

/// The styles that the model has words for.
inline constexpr std::array<std::string_view, 6> style_names = {"photo", "drawing", "dark",
                                                                "faded", "blurry",  "grainy"};

/// The look of a position in `style_names`.
Style known_style(std::size_t index);

/// A look that no caption ever names: finer textures, clutter, a warm cast, weaker colours. 0 is a photo, 1 is hard to
/// read.
Style shifted_style(float strength);

/// The colour effects and the light: a linear ramp of up to 22 % in a random direction, overall gain, then the style's.
void develop(Canvas& canvas, const Style& style, Rng& rng);

/// Blur and noise: what the camera adds last.
void expose(Canvas& canvas, const Style& style, Rng& rng);

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/detail/impl/styles.ipp>
#endif
