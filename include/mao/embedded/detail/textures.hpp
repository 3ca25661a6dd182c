// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Colours, textures and backgrounds of the embedded world.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <mao/core/random.hpp>
#include <mao/embedded/detail/shapes.hpp>

namespace mao::embedded {

using Colour = std::array<float, 3>;  ///< red, green, blue in [0, 1]

inline constexpr std::array<std::string_view, 10> colour_names = {"red",  "orange", "yellow", "green", "teal",
                                                                  "blue", "purple", "pink",   "brown", "gray"};
inline constexpr std::array<Colour, 10> colours = {{{0.86F, 0.12F, 0.12F},
                                                    {0.97F, 0.55F, 0.08F},
                                                    {0.97F, 0.90F, 0.15F},
                                                    {0.13F, 0.65F, 0.20F},
                                                    {0.10F, 0.72F, 0.72F},
                                                    {0.13F, 0.25F, 0.85F},
                                                    {0.52F, 0.15F, 0.72F},
                                                    {0.98F, 0.50F, 0.72F},
                                                    {0.48F, 0.28F, 0.12F},
                                                    {0.52F, 0.52F, 0.54F}}};

inline constexpr std::array<std::string_view, 5> texture_names = {"plain", "striped", "dotted", "checkered",
                                                                  "bordered"};

inline constexpr std::array<std::string_view, 6> background_names = {"white",  "black",  "sandy",
                                                                     "grassy", "cloudy", "snowy"};

/// The two colours that a background's noise runs between.
inline constexpr std::array<std::array<Colour, 2>, 6> background_colours = {{
    {{{0.98F, 0.98F, 0.97F}, {0.90F, 0.90F, 0.90F}}},
    {{{0.03F, 0.03F, 0.03F}, {0.13F, 0.13F, 0.14F}}},
    {{{0.90F, 0.80F, 0.58F}, {0.72F, 0.60F, 0.38F}}},
    {{{0.42F, 0.66F, 0.25F}, {0.18F, 0.42F, 0.12F}}},
    {{{0.50F, 0.70F, 0.93F}, {0.95F, 0.97F, 0.99F}}},
    {{{0.97F, 0.98F, 1.00F}, {0.72F, 0.80F, 0.92F}}},
}};

inline float clamp01(float value) { return std::clamp(value, 0.0F, 1.0F); }

/// `a` at t = 0, `b` at t = 1.
inline Colour mixed(const Colour& a, const Colour& b, float t) {
  return {a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2])};
}

/// Uniform in [low, high) as the float that pixels are made of.
inline float uniform(Rng& rng, double low, double high) { return static_cast<float>(rng.uniform(low, high)); }

/// How one object's texture lies on it.
struct TexturePose {
  float cosine = 1;  ///< of the texture's angle against the object's
  float sine = 0;
  float phase_x = 0;  ///< in periods
  float phase_y = 0;
  float frequency = 2;  ///< periods per object unit

  static TexturePose drawn(Rng& rng, float frequency_factor);
};

/// How much of the second colour shows, in [0, 1], at a point inside the object.
///
/// `depth` is the distance to the object's edge and `pixel` the width of a pixel, both in object units: edges are about
/// a pixel wide.
float texture_weight(std::size_t texture, const TexturePose& pose, Point p, float depth, float pixel);

/// Smooth noise in [0, 1] over the picture: bilinear between random values on a grid of 3 to 8 cells a side.
class ValueNoise {
 public:
  explicit ValueNoise(Rng& rng) : cells_(3 + static_cast<std::size_t>(rng.below(6))) {
    for (std::size_t i = 0; i < (cells_ + 1) * (cells_ + 1); ++i) values_[i] = uniform(rng, 0, 1);
  }

  /// The noise at x, y in [0, 1).
  [[nodiscard]] float operator()(float x, float y) const;

 private:
  std::size_t cells_;
  std::array<float, 81> values_{};
};

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/detail/impl/textures.ipp>
#endif
