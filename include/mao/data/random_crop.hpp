// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Random crops for training views.

#include <cmath>
#include <mao/core/random.hpp>
#include <mao/data/image.hpp>

namespace mao {

/// Settings of training views. The defaults are CoOp's.
struct Augment {
  double smallest_scale = 0.08;   ///< smallest share of the picture's area that a crop covers
  double largest_scale = 1.0;     ///< largest share
  double smallest_ratio = 0.75;   ///< smallest width over height of a crop
  double largest_ratio = 4.0 / 3.0;  ///< largest width over height
  double flip = 0.5;              ///< probability of mirroring left to right
};

/// **Throws** `OptionError` naming a setting out of range.
void check(const Augment& augment);

namespace detail {

/// Python's `round`: to the nearest integer, halves to the even one, whatever the rounding mode is.
inline int rounded_half_even(double value) {
  const double below = std::floor(value);
  const double rest = value - below;
  const bool up = rest > 0.5 || (rest == 0.5 && std::fmod(below, 2.0) != 0.0);
  return static_cast<int>(below) + (up ? 1 : 0);
}

}  // namespace detail

/// A rectangle of random area, shape and place; if ten do not fit, the largest allowed one in the centre.
///
/// **Source** torchvision's `RandomResizedCrop`, with the numbers drawn from `rng` in its order: area, ratio, top, left.
Box random_crop(int width, int height, const Augment& augment, Rng& rng);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/impl/random_crop.ipp>
#endif
