// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pictures to what an image tower takes: the evaluation view, and the random views of training.

#include <mao/core/error.hpp>
#include <mao/core/random.hpp>
#include <mao/data/image.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/data/random_crop.hpp>

namespace mao {

namespace detail {

/// Where the evaluation view comes from: the size to resize to, and what is kept of that.
struct EvaluationGeometry {
  int width;
  int height;
  Box kept;
};

EvaluationGeometry evaluation_geometry(int width, int height, const Preprocess& preprocess);

/// The picture in the middle of a grey square.
Image padded(const Image& image, int side, int fill);

}  // namespace detail

/// Bytes to normalised floats, one plane per channel, mirrored left to right or not.
///
/// **Shapes** image [H, W, 3], out [3, H, W].
void normalise(const ImageView& image, const Preprocess& preprocess, float* out, bool mirrored = false);

/// The evaluation view as bytes, R x R.
Image evaluation_pixels(const ImageView& image, const Preprocess& preprocess);

/// A training view: a random rectangle resized to R x R (bicubic), mirrored or not.
Image augmented_pixels(const ImageView& image, int resolution, const Augment& augment, Rng rng);

/// The evaluation view as a tower takes it, bit for bit that of open_clip's `image_transform_v2` on a Pillow image (by
/// default torchvision's Resize, CenterCrop, ToTensor, Normalize).
///
/// **Shapes** out [3, R, R].
void evaluation_view(const ImageView& image, const Preprocess& preprocess, float* out);

/// The training view that `rng` gives: resized bicubically whatever the evaluation's filter is, as CoOp and open_clip
/// do. **Shapes** out [3, R, R].
void augmented_view(const ImageView& image, const Preprocess& preprocess, const Augment& augment, Rng rng, float* out);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/transform.ipp>
#endif
