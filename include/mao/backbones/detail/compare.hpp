// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Cosine logits of images and classes.

#include <memory>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/core/detail/free_functions.hpp>
#include <mao/core/output.hpp>
#include <mao/models/concepts.hpp>
#include <mao/prompts/detail/positions.hpp>

namespace mao {

/// Rows divided by their Euclidean norm, no epsilon, as in CLIP.
inline Tensor unit_rows(const Tensor& x) { return x.div(x.norm(2, -1, true)); }

/// Logits `scale * image . text` (CLIP, equation 1 of the MAO paper). **Shapes** image [B, D], text [H, D], unit rows.
Output compare(const Tensor& image, const Tensor& text, double scale, const Candidates& candidates);

/// The rows of the candidates. **Shape** features [C, ...] -> [H, ...]. **Throws** as `expect_positions`.
inline Tensor class_rows(const Tensor& features, const Candidates& candidates) {
  expect_positions(candidates, features.size(0), "class features");
  return features.index_select(0, detail::id_tensor(candidates.ids).to(features.device()));
}

namespace detail {

/// **Throws** `OptionError` when kept features come from another model.
template <class ModelT>
void expect_encoder(const ModelT& model, const ImageBatch& images) {
  if constexpr (requires {
                  { model.fingerprint() } -> std::convertible_to<std::string>;
                }) {
    if (images.features_of == nullptr) return;
    const std::string& here = model.fingerprint();
    require<OptionError>(*images.features_of == here, "the kept image features come from the model ",
                         *images.features_of, ", this method's is ", here,
                         "; encode the images with FeatureImages::encode and the model that is tuned");
  }
}

}  // namespace detail

/// Features of images from a tower that is frozen: the kept ones where there are any, no gradient. Where the batch has
/// room for them (`ImageBatch::frozen`), each model encodes it once. **Shape** [B, D], not normalised.
template <class ModelT>
Tensor raw_frozen_image_features(const ModelT& model, const ImageBatch& images) {
  const at::NoGradGuard frozen;
  if (images.features.defined()) {
    detail::expect_encoder(model, images);
    return images.features;
  }
  if (images.frozen == nullptr) return model.encode_image(images.pixels);
  if (images.frozen->model != &model) *images.frozen = {.model = &model, .rows = model.encode_image(images.pixels)};
  return images.frozen->rows;
}

/// The same as unit rows. **Shape** [B, D].
template <class ModelT>
Tensor frozen_image_features(const ModelT& model, const ImageBatch& images) {
  const at::NoGradGuard frozen;
  return unit_rows(raw_frozen_image_features(model, images));
}

/// Rows that `compute(const ImageBatch&)` makes of pixels, [B, ...], without gradient: each view of a source that shows
/// the same ones again is computed once for an owner, by itself, so that a resumed run gets the same bits.
template <class Compute>
Tensor remembered_rows(const ImageBatch& images, const std::shared_ptr<const void>& owner, Compute&& compute) {
  const at::NoGradGuard frozen;
  if (images.memory == nullptr) return compute(ImageBatch{.pixels = images.pixels, .features = {}});
  auto& known = images.memory->rows[owner];
  std::vector<Tensor> rows;
  for (std::size_t i = 0; i < images.places.size(); ++i) {
    Tensor& row = known[images.places[i]];
    if (!row.defined()) {
      row = compute(ImageBatch{.pixels = images.pixels.narrow(0, static_cast<std::int64_t>(i), 1), .features = {}});
    }
    rows.push_back(row);
  }
  return detail::joined_rows(rows);
}

/// Features of images from a prompted tower, differentiable with respect to the prompts. **Shape** [B, D], not
/// normalised.
///
/// **Throws** `DataError` when the images were kept as features of the frozen tower alone.
template <PromptedTowers ModelT>
Tensor prompted_image_features(const ModelT& model, const ImageBatch& images, const ImagePrompts& prompts) {
  require<DataError>(images.pixels.defined(),
                     "this method prompts the image tower and needs pixels, but the images were kept as features of "
                     "the frozen tower; use TensorImages or FileImages");
  return model.encode_image(images.pixels, prompts);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/compare.ipp>
#endif
