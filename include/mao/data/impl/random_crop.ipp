// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/random_crop.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE void check(const Augment& augment) {
  require<OptionError>(augment.smallest_scale > 0.0 && augment.smallest_scale <= augment.largest_scale &&
                           augment.largest_scale <= 1.0,
                       "augmentation: scale ", augment.smallest_scale, " to ", augment.largest_scale,
                       "; expected 0 < smallest <= largest <= 1");
  require<OptionError>(augment.smallest_ratio > 0.0 && augment.smallest_ratio <= augment.largest_ratio,
                       "augmentation: ratio ", augment.smallest_ratio, " to ", augment.largest_ratio,
                       "; expected 0 < smallest <= largest");
  require<OptionError>(augment.flip >= 0.0 && augment.flip <= 1.0, "augmentation: flip ", augment.flip,
                       "; expected a probability from 0 to 1");
}

}  // namespace mao

namespace mao::detail {

/// The largest rectangle in the middle whose ratio is allowed.
MAO_INLINE Box fallback_crop(int width, int height, const Augment& augment) {
  const double ratio = static_cast<double>(width) / height;
  int crop_width = width;
  int crop_height = height;
  if (ratio < augment.smallest_ratio) {
    crop_height = std::clamp(rounded_half_even(width / augment.smallest_ratio), 1, height);
  } else if (ratio > augment.largest_ratio) {
    crop_width = std::clamp(rounded_half_even(height * augment.largest_ratio), 1, width);
  }
  return {(width - crop_width) / 2, (height - crop_height) / 2, crop_width, crop_height};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE Box random_crop(int width, int height, const Augment& augment, Rng& rng) {
  const double area = static_cast<double>(width) * height;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * rng.uniform(augment.smallest_scale, augment.largest_scale);
    const double ratio = std::exp(rng.uniform(std::log(augment.smallest_ratio), std::log(augment.largest_ratio)));
    const int crop_width = detail::rounded_half_even(std::sqrt(target * ratio));
    const int crop_height = detail::rounded_half_even(std::sqrt(target / ratio));
    if (crop_width < 1 || crop_width > width || crop_height < 1 || crop_height > height) continue;
    const auto top = static_cast<int>(rng.below(static_cast<std::uint64_t>(height - crop_height) + 1));
    const auto left = static_cast<int>(rng.below(static_cast<std::uint64_t>(width - crop_width) + 1));
    return {left, top, crop_width, crop_height};
  }
  return detail::fallback_crop(width, height, augment);
}

}  // namespace mao
