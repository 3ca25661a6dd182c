// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensor part of cuda/cosine_loss.cuh: cross entropy over the cosines with a subset of the classes.

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <mao/cuda/cosine_loss.cuh>
#include <mao/cuda/launch.hpp>

namespace mao::cuda {

/// Losses of the images and what the backward pass needs.
struct CosineLoss {
  Tensor loss;                         ///< [B] fp32; 0 for an image with a negative target
  Tensor cosine;                       ///< [B, H] fp32; logits are scale * cosine
  Tensor score;                        ///< [B, H] fp32, gradient of each image's loss with respect to its cosines
  Tensor image_inverse, text_inverse;  ///< [B], [H] fp32, 1 / length
};

namespace detail {

template <class T>
InverseNorms<T> inverse_norms(const Tensor& x, const Tensor& inverse) {
  return {pointer<T>(x), pointer<float>(inverse), x.size(0), x.size(1)};
}

inline void check_loss(const Tensor& image, const Tensor& text, const Tensor& targets, const Tensor& live) {
  const std::string what = "cuda::cosine_loss_forward";
  expect_shape(image, {-1, -1}, what + ": image");
  expect_like(text, {-1, image.size(1)}, image, what + ": text");
  require<ShapeError>(image.is_contiguous() && text.is_contiguous(), what, ": image and text must be contiguous");
  const auto expect_integers = [&](const Tensor& value, std::int64_t size, at::ScalarType dtype, const char* name) {
    expect_shape(value, {size}, what + ": " + name);
    require<ShapeError>(value.scalar_type() == dtype && value.device() == image.device() && value.is_contiguous(), what,
                        ": ", name, " is ", c10::toString(value.scalar_type()), " on ", value.device().str(),
                        ", expected ", c10::toString(dtype), " on ", image.device().str());
  };
  expect_integers(targets, image.size(0), at::kLong, "targets");
  if (live.defined()) expect_integers(live, 1, at::kInt, "live");
}

}  // namespace detail

/// -log softmax(scale <image / |image|, text / |text|>)[target] of each image.
///
/// **Shapes** image [B, D] and text [H, D] contiguous, Float or BFloat16, not normalised; targets [B] columns as int64,
/// negative for an image that does not count; live [1] int32, how many columns count (for a text padded to a bucket).
inline CosineLoss cosine_loss_forward(const Tensor& image, const Tensor& text, const Tensor& targets, double scale,
                                      const Tensor& live = {}) {
  detail::check_loss(image, text, targets, live);
  const std::int64_t images = image.size(0), classes = text.size(0);
  const auto fp32 = image.options().dtype(at::kFloat);
  CosineLoss result{at::empty({images}, fp32), at::empty({images, classes}, fp32), at::empty({images, classes}, fp32),
                    at::empty({images}, fp32), at::empty({classes}, fp32)};
  auto* const cosine = pointer<float>(result.cosine);
  with_storage(image, "cuda::cosine_loss_forward: image", [&]<class T>(T*) {
    run(detail::inverse_norms<T>(image, result.image_inverse), image.device());
    run(detail::inverse_norms<T>(text, result.text_inverse), image.device());
    run(Cosines<T>{pointer<T>(image), pointer<T>(text), pointer<float>(result.image_inverse),
                   pointer<float>(result.text_inverse), cosine, images, classes, image.size(1)},
        image.device());
  });
  run(CosineCrossEntropy{cosine, pointer<std::int64_t>(targets), pointer<std::int32_t>(live),
                         pointer<float>(result.loss), pointer<float>(result.score), static_cast<float>(scale), images,
                         classes},
      image.device());
  return result;
}

/// Gradients of the vectors. **Shapes** image [B, D], text [H, D].
struct CosineLossGradients {
  Tensor image, text;
};

/// **Shape** loss_gradient [B] fp32: 1 / B each for the mean. Not asked for a side: its gradient stays undefined.
inline CosineLossGradients cosine_loss_backward(const Tensor& loss_gradient, const Tensor& image, const Tensor& text,
                                                const CosineLoss& saved, bool of_image = true, bool of_text = true) {
  const std::int64_t images = image.size(0), classes = text.size(0), width = image.size(1);
  const Tensor given = loss_gradient.contiguous();
  expect_like(given, {images}, saved.loss, "cuda::cosine_loss_backward: loss_gradient");
  CosineLossGradients gradients;
  with_storage(image, "cuda::cosine_loss_backward: image", [&]<class T>(T*) {
    const auto gradient_of = [&](bool own_are_images) {
      const Tensor& own = own_are_images ? image : text;
      const Tensor& other = own_are_images ? text : image;
      Tensor gradient = at::empty_like(own);
      run(CosineGradient<T>{pointer<T>(own), pointer<T>(other),
                            pointer<float>(own_are_images ? saved.image_inverse : saved.text_inverse),
                            pointer<float>(own_are_images ? saved.text_inverse : saved.image_inverse),
                            pointer<float>(saved.cosine), pointer<float>(saved.score), pointer<float>(given),
                            pointer<T>(gradient), own.size(0), other.size(0), width, own_are_images ? classes : 1,
                            own_are_images ? 1 : classes, own_are_images},
          image.device());
      return gradient;
    };
    if (of_image) gradients.image = gradient_of(true);
    if (of_text) gradients.text = gradient_of(false);
  });
  return gradients;
}

}  // namespace mao::cuda
