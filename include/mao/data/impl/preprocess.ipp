// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/preprocess.hpp>

#include <charconv>
#include <cmath>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// The shortest digits that are read back as the same floats.
MAO_INLINE std::string text_of_floats(const std::array<float, 3>& values) {
  std::string text;
  for (const float value : values) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text += (text.empty() ? "" : " ") + std::string(digits.data(), end);
  }
  return text;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string describe(const Preprocess& preprocess) {
  const auto& [resolution, mean, deviation, resize, filter, mode, crop_rounds_down, fill, transparency] = preprocess;
  const int side = preprocess.short_side();
  std::string text = text_of("resize mode ", name_of(mode), " to ", side, " px, ", name_of(filter));
  if (mode == ResizeMode::longest || fill != 0) text += text_of(", filled with ", fill);
  if (mode == ResizeMode::shortest || side != resolution) text += text_of(", centre of ", resolution);
  if (crop_rounds_down) text += " (half pixels rounded down)";
  if (transparency != Transparency::drop) text += text_of(", transparency ", name_of(transparency));
  return text + "; mean " + detail::text_of_floats(mean) + ", std " + detail::text_of_floats(deviation);
}

MAO_INLINE void check(const Preprocess& preprocess) {
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
