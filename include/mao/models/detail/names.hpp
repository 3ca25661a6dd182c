// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CLIP's tensors under one set of names: OpenAI's. open_clip uses the same (or moves the text tower under `text.`),
/// Hugging Face's transformers splits queries, keys and values and transposes the two projections.

#include <string_view>

#include <mao/core/tensor.hpp>

namespace mao {

/// Whose names a checkpoint uses.
enum class ClipLayout { OpenAi, OpenClipCustom, HuggingFace };

std::string_view name_of(ClipLayout layout);

/// Decides by the names that are there.
ClipLayout layout_of(const TensorMap& weights);

namespace detail {

/// What is there under OpenAI's names; the rest keeps its own.
TensorMap from_hugging_face(TensorMap weights);

/// open_clip's text tower and a plain ViT of timm under OpenAI's names; a projection with a bias is a linear layer,
/// whose weight is transposed. An attention pooling (SigLIP) is `visual.pool.`, named like a block.
TensorMap from_open_clip(TensorMap weights);

inline TensorMap from_layout(const TensorMap& weights, ClipLayout layout) {
  return layout == ClipLayout::HuggingFace ? from_hugging_face(weights) : from_open_clip(weights);
}

}  // namespace detail

/// The same tensors under OpenAI's names. What has no place in a CLIP keeps the name it has; `infer_architecture`
/// refuses it, as it refuses a network that lacks a part.
inline TensorMap with_openai_names(const TensorMap& weights) {
  return detail::from_layout(weights, layout_of(weights));
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/names.ipp>
#endif
