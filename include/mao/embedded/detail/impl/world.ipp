// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/detail/world.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <mao/config.hpp>

namespace mao::embedded {

MAO_INLINE Combination combination(std::size_t position) {
  return {position / texture_names.size() / colour_names.size(), position / texture_names.size() % colour_names.size(),
          position % texture_names.size()};
}

MAO_INLINE std::string name(const Combination& c) {
  return std::string(texture_names[c.texture]) + " " + std::string(colour_names[c.colour]) + " " +
         std::string(shape_names[c.shape]);
}

}  // namespace mao::embedded

namespace mao::embedded::detail {

/// Where the object stands and in which two colours its texture is.
struct Pose {
  Point centre;
  float scale = 1;  ///< pictures' half sides per object unit
  float cosine = 1;
  float sine = 0;
  Colour first{};
  Colour second{};
  TexturePose texture;
};

MAO_INLINE Pose drawn_pose(const Combination& what, const Style& style, Rng& rng) {
  Pose pose;
  pose.centre.x = uniform(rng, -0.22, 0.22);
  pose.centre.y = uniform(rng, -0.22, 0.22);
  pose.scale = uniform(rng, 0.48, 0.78);
  const float angle = uniform(rng, -0.28, 0.28);
  pose.cosine = std::cos(angle);
  pose.sine = std::sin(angle);
  const float overall = uniform(rng, -0.06, 0.06);
  const bool dark = rng.below(2) == 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const float channel = clamp01(colours[what.colour][i] + overall + uniform(rng, -0.07, 0.07));
    const float second = dark ? 0.28F * channel : 0.25F * channel + 0.75F;
    pose.first[i] = channel + style.pale * (0.36F - 0.4F * channel);
    pose.second[i] = second + style.pale * (0.36F - 0.4F * second);
  }
  pose.texture = TexturePose::drawn(rng, style.frequency);
  return pose;
}

MAO_INLINE void paint_background(Canvas& canvas, std::size_t background, const Style& style, Rng& rng) {
  const ValueNoise noise(rng);
  const auto& [from, to] = background_colours[background];
  constexpr Colour paper = {0.96F, 0.94F, 0.88F};
  constexpr Colour paper_shade = {0.90F, 0.88F, 0.82F};
  constexpr float pixel = 1.0F / static_cast<float>(image_side);
  for (std::size_t i = 0; i < canvas.size(); ++i) {
    const float t = noise(pixel * static_cast<float>(i % image_side), pixel * static_cast<float>(i / image_side));
    canvas[i] = mixed(mixed(from, to, t), mixed(paper, paper_shade, t), style.paper);
  }
}

/// Small discs of random colours, centred near the picture's edge.
MAO_INLINE void paint_clutter(Canvas& canvas, const Style& style, Rng& rng) {
  constexpr float side = static_cast<float>(image_side);
  for (float left = style.clutter; left > 0; left -= 1) {
    const float opacity = std::min(left, 1.0F);
    const float radius = uniform(rng, 2.5, 5);
    Point centre{uniform(rng, 0, side), rng.below(2) == 0 ? uniform(rng, 0, 4) : uniform(rng, side - 4, side)};
    if (rng.below(2) == 0) std::swap(centre.x, centre.y);
    const Colour& colour = colours[rng.below(colours.size())];
    for (std::size_t i = 0; i < canvas.size(); ++i) {
      const float x = static_cast<float>(i % image_side) - centre.x;
      const float y = static_cast<float>(i / image_side) - centre.y;
      if (std::abs(x) > radius + 1 || std::abs(y) > radius + 1) continue;
      canvas[i] = mixed(canvas[i], colour, opacity * clamp01(0.5F + radius - std::hypot(x, y)));
    }
  }
}

MAO_INLINE void paint_object(Canvas& canvas, const Combination& what, const Style& style, const Pose& pose) {
  constexpr float half = 0.5F * static_cast<float>(image_side);
  constexpr Colour line = {0.10F, 0.10F, 0.12F};
  const DistanceField& distance = distance_field(what.shape);
  const float pixels = half * pose.scale;  // per object unit
  for (std::size_t i = 0; i < canvas.size(); ++i) {
    const float x = (static_cast<float>(i % image_side) + 0.5F) / half - 1 - pose.centre.x;
    const float y = (static_cast<float>(i / image_side) + 0.5F) / half - 1 - pose.centre.y;
    const Point p{(pose.cosine * x + pose.sine * y) / pose.scale, (pose.cosine * y - pose.sine * x) / pose.scale};
    const float away = distance(p);
    const float cover = clamp01(0.5F - away * pixels);
    if (cover > 0) {
      const float weight = texture_weight(what.texture, pose.texture, p, -away, 1 / pixels);
      canvas[i] = mixed(canvas[i], mixed(pose.first, pose.second, weight), cover);
    }
    if (style.outline > 0) {
      canvas[i] = mixed(canvas[i], line, style.outline * clamp01(1 - std::abs(away) * pixels));
    }
  }
}

}  // namespace mao::embedded::detail

namespace mao::embedded {

MAO_INLINE Image render(const Combination& what, std::size_t background, const Style& style, Rng rng) {
  Canvas canvas;
  const detail::Pose pose = detail::drawn_pose(what, style, rng);
  detail::paint_background(canvas, background, style, rng);
  detail::paint_clutter(canvas, style, rng);
  detail::paint_object(canvas, what, style, pose);
  develop(canvas, style, rng);
  expose(canvas, style, rng);
  Image image(static_cast<int>(image_side), static_cast<int>(image_side));
  auto out = image.pixels.begin();
  for (const Colour& pixel : canvas) {
    for (const float channel : pixel) *out++ = static_cast<std::uint8_t>(clamp01(channel) * 255.0F + 0.5F);
  }
  return image;
}

}  // namespace mao::embedded
