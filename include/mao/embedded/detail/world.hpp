// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The renderer of the embedded world: one textured, coloured shape before a background, 48 x 48 pixels.
///
/// Same scene, style and random stream, same picture; platforms may differ by one level in a few pixels (libm, fused
/// multiply-add).

#include <cstddef>
#include <string>

#include <mao/core/random.hpp>
#include <mao/data/image.hpp>
#include <mao/embedded/detail/shapes.hpp>
#include <mao/embedded/detail/styles.hpp>
#include <mao/embedded/detail/textures.hpp>

namespace mao::embedded {

/// What a class is: three attribute words, each a position in its list of names.
struct Combination {
  std::size_t shape = 0;
  std::size_t colour = 0;
  std::size_t texture = 0;

  friend bool operator==(const Combination&, const Combination&) = default;
};

inline constexpr std::size_t combination_count = shape_names.size() * colour_names.size() * texture_names.size();

/// The combinations in a fixed order: the position of one ...
inline std::size_t position(const Combination& c) {
  return (c.shape * colour_names.size() + c.colour) * texture_names.size() + c.texture;
}

/// ... and the one at a position.
Combination combination(std::size_t position);

/// "striped red circle".
std::string name(const Combination& c);

/// Draws one picture. Consumes `rng`: give each picture its own stream.
Image render(const Combination& what, std::size_t background, const Style& style, Rng rng);

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/detail/impl/world.ipp>
#endif
