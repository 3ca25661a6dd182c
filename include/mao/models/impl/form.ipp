// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/form.hpp>

#include <algorithm>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::Gelu:
      return "gelu";
    case Activation::GeluTanh:
      return "gelu_tanh";
    case Activation::QuickGelu:
      break;
  }
  return "quick_gelu";
}

MAO_INLINE std::int64_t TowerForm::heads_in(std::int64_t width) const {
  const std::int64_t count = heads > 0 ? heads : std::max<std::int64_t>(1, width / 64);
  require<OptionError>(width % count == 0, "a tower of width ", width, " cannot have ", count,
                       " heads; expected a number that divides the width");
  return count;
}

MAO_INLINE std::int64_t published_vision_heads(std::int64_t width) {
  switch (width) {
    case 384:   // S
    case 512:   // M
    case 768:   // B
    case 896:   // B plus
    case 1024:  // L
      return width / 64;
    case 1280:  // H
    case 1408:  // g
    case 1664:  // bigG
    case 1792:  // e
      return 16;
    case 2048:  // RN50, RN101
    case 2560:  // RN50x4
    case 3072:  // RN50x16
    case 4096:  // RN50x64
      return width / 64;
    default:
      return 0;
  }
}

MAO_INLINE std::int64_t published_text_heads(std::int64_t width) {
  switch (width) {
    case 256:
    case 384:
    case 512:
    case 640:
    case 768:
    case 1024:
    case 1280:
      return width / 64;
    default:
      return 0;
  }
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE std::string describe(const TowerForm& form, std::int64_t width) {
  const std::int64_t heads = form.heads_in(width);
  return text_of(heads, heads == 1 ? " head of " : " heads of ", width / heads, ", ", name_of(form.activation),
                 ", eps ", form.epsilon);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE std::string describe_vision(const ClipForm& form, std::int64_t width) {
  return text_of(detail::describe(form.vision, width),
                 form.image_pooling == ImagePooling::ClassToken  ? ", reads the class token"
                 : form.image_pooling == ImagePooling::Attention ? form.class_token ? ", attention pooling of class token and patches" : ", attention pooling of the patches"
                 : form.norm_after_pooling                       ? ", layer norm of the mean of the patches"
                                                                 : ", mean of the patches",
                 form.class_token ? "" : ", no class token", form.patch_bias ? ", patches with bias" : "",
                 form.image_projection ? "" : ", no projection", form.image_mlp ? ", a GELU layer before the projection" : "",
                 form.image_bias ? ", projection with bias" : "", form.conv_stem ? ", patches by three convolutions" : "",
                 form.pool_heads > 0 ? text_of(", ", form.pool_heads, " heads of the pooling") : std::string(),
                 form.rotary ? text_of(", rotary positions from ", *form.rotary) : std::string(), form.ln_pre ? "" : ", no layer norm before the blocks",
                 form.vision_scale ? ", layer scale" : "");
}

MAO_INLINE std::string describe_text(const ClipForm& form, std::int64_t width) {
  return text_of(detail::describe(form.text, width), form.text_bert ? ", a BERT, padding masked" : form.causal ? ", causal mask" : ", no mask",
                 form.text_pooling == TextPooling::End     ? ", reads the end-of-text token"
                 : form.text_pooling == TextPooling::First ? ", reads the first token"
                                                           : ", reads the last token of the padded row",
                 form.text_projection ? "" : ", no projection",
                 form.text_mlp ? ", a GELU layer before the projection" : "", form.text_bias ? ", projection with bias" : "",
                 form.text_scale ? ", layer scale" : "", form.text_start ? "" : ", no start token",
                 form.text_padding == 0 ? std::string() : text_of(", padded with token ", form.text_padding));
}

}  // namespace mao
