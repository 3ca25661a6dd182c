// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/detail/styles.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <mao/config.hpp>

namespace mao::embedded {

MAO_INLINE Style known_style(std::size_t index) {
  switch (index) {
    case 1:
      return {.paper = 1, .outline = 1, .pale = 1};
    case 2:
      return {.gain = 0.38F};
    case 3:
      return {.saturation = 0.5F, .gain = 0.6F, .lift = 0.32F};
    case 4:
      return {.blur = 4};
    case 5:
      return {.noise = 0.13F};
    default:
      return {};
  }
}

MAO_INLINE Style shifted_style(float strength) {
  return {.frequency = 1 + 0.35F * strength,
          .clutter = 3 * strength,
          .outline = 0.5F * strength,
          .pale = 0.5F * strength,
          .saturation = 1 - 0.4F * strength,
          .hue = 0.25F * strength,
          .cast = {1 + 0.08F * strength, 1 - 0.05F * strength, 1 - 0.25F * strength},
          .contrast = 1 - 0.25F * strength,
          .blur = strength,
          .noise = 0.02F + 0.07F * strength};
}

}  // namespace mao::embedded

namespace mao::embedded::detail {

MAO_INLINE float gray(const Colour& c) { return 0.299F * c[0] + 0.587F * c[1] + 0.114F * c[2]; }

/// Turns a colour about the axis on which red, green and blue are equal.
MAO_INLINE Colour rotated_hue(const Colour& c, float cosine, float sine) {
  const float mean = (c[0] + c[1] + c[2]) / 3;
  Colour turned{};
  for (std::size_t i = 0; i < 3; ++i) {
    const float across = (c[(i + 2) % 3] - c[(i + 1) % 3]) * 0.57735027F;
    turned[i] = mean + cosine * (c[i] - mean) + sine * across;
  }
  return turned;
}

/// One pass of [w/4, 1 - w/2, w/4] along rows and then columns.
MAO_INLINE void blur(Canvas& canvas, float weight) {
  const auto pass = [&](std::size_t stride, std::size_t line_stride) {
    for (std::size_t line = 0; line < image_side; ++line) {
      Colour* first = &canvas[line * line_stride];
      Colour before = first[0];
      for (std::size_t i = 0; i < image_side; ++i) {
        const Colour here = first[i * stride];
        const Colour& after = i + 1 < image_side ? first[(i + 1) * stride] : here;
        for (std::size_t c = 0; c < 3; ++c) {
          first[i * stride][c] = here[c] + 0.25F * weight * (before[c] + after[c] - 2 * here[c]);
        }
        before = here;
      }
    }
  };
  pass(1, image_side);
  pass(image_side, 1);
}

/// Close to a standard normal and far cheaper: the sum of four 16-bit uniforms.
MAO_INLINE float rough_normal(Rng& rng) {
  const std::uint64_t bits = rng.bits();
  const auto sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
  return (static_cast<float>(sum) - 131070.0F) * (1.7320508F / 65536.0F);
}

}  // namespace mao::embedded::detail

namespace mao::embedded {

MAO_INLINE void develop(Canvas& canvas, const Style& style, Rng& rng) {
  const float angle = uniform(rng, 0, 2 * std::numbers::pi);
  const float ramp = uniform(rng, 0, 0.22) / static_cast<float>(image_side);
  const float slope_x = ramp * std::cos(angle);
  const float slope_y = ramp * std::sin(angle);
  const float gain = uniform(rng, 0.82, 1.12);
  const float cosine = std::cos(style.hue);
  const float sine = std::sin(style.hue);
  constexpr float middle = 0.5F * static_cast<float>(image_side - 1);
  for (std::size_t i = 0; i < canvas.size(); ++i) {
    const float x = static_cast<float>(i % image_side) - middle;
    const float y = static_cast<float>(i / image_side) - middle;
    const float light = gain * (1 + slope_x * x + slope_y * y);
    Colour& pixel = canvas[i];
    if (style.hue != 0) pixel = detail::rotated_hue(pixel, cosine, sine);
    const float gray = detail::gray(pixel);
    for (std::size_t c = 0; c < 3; ++c) {
      const float lit = light * style.cast[c] * (gray + style.saturation * (pixel[c] - gray));
      pixel[c] = style.gain * (0.5F + style.contrast * (lit - 0.5F)) + style.lift;
    }
  }
}

MAO_INLINE void expose(Canvas& canvas, const Style& style, Rng& rng) {
  for (float left = style.blur; left > 0; left -= 1) detail::blur(canvas, std::min(left, 1.0F));
  for (Colour& pixel : canvas) {
    for (float& channel : pixel) channel += style.noise * detail::rough_normal(rng);
  }
}

}  // namespace mao::embedded
