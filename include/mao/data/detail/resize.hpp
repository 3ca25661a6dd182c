// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Antialiased resizing, bit for bit what Pillow's `Image.resize` gives.
///
/// Two passes over 8-bit pixels, columns first, with weights rounded to 22 bits. The algorithm is that of Pillow's
/// `Resample.c` (HPND licence).

#include <mao/data/image.hpp>
#include <mao/data/detail/resize_avx2.hpp>
#include <mao/data/detail/resize_weights.hpp>

namespace mao {

namespace detail {

/// Resizes the columns of the source rows [top, top + rows).
Image resize_columns(const ImageView& source, const ResizeWeights& weights, int top, int rows,
                     bool avx2 = resizes_with_avx2());

/// Resizes the rows; row 0 of `source` is row `top` of the picture that the weights speak of.
Image resize_rows(const ImageView& source, const ResizeWeights& weights, int top, bool avx2 = resizes_with_avx2());

}  // namespace detail

/// The part `keep` of the picture resized to `width` x `height`: equal to resizing and then cropping, but only the
/// pixels that are kept are computed.
///
/// **Throws** `OptionError` for an empty picture or size, and for a `keep` outside the resized picture.
Image resize(const ImageView& image, int width, int height, Filter filter, const Box& keep);

/// The whole picture in a new size; a = -1/2, antialiased. **Throws** as `resize`.
inline Image resize_bicubic(const ImageView& image, int width, int height) {
  return resize(image, width, height, Filter::bicubic, {0, 0, width, height});
}

/// The whole picture in a new size, with a triangle kernel, antialiased. **Throws** as `resize`.
inline Image resize_bilinear(const ImageView& image, int width, int height) {
  return resize(image, width, height, Filter::bilinear, {0, 0, width, height});
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/resize.ipp>
#endif
