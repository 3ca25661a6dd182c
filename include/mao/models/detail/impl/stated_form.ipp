// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/stated_form.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE ClipForm with_stated(ClipForm form, const StatedForm& stated) {
  for (const auto& [tower, said] : {std::pair{&form.vision, &stated.vision}, {&form.text, &stated.text}}) {
    detail::take(tower->heads, said->heads);
    detail::take(tower->activation, said->activation);
    detail::take(tower->epsilon, said->epsilon);
  }
  detail::take(form.image_pooling, stated.image_pooling);
  detail::take(form.norm_after_pooling, stated.norm_after_pooling);
  detail::take(form.causal, stated.causal);
  detail::take(form.ln_pre, stated.ln_pre);
  detail::take(form.text_projection, stated.text_projection);
  detail::take(form.text_pooling, stated.text_pooling);
  return form;
}

MAO_INLINE void expect_agreement(const StatedForm& stated, ClipForm form, const ClipArchitecture& sizes,
                                 const std::string& source, const std::string& where) {
  form.vision.heads = form.vision.heads_in(sizes.vision_channels());
  form.text.heads = form.text.heads_in(sizes.text_width);
  const ClipForm own = with_stated(form, stated);
  require<FormatError>(own == form, source, " was saved whole, and its modules say: image tower ",
                       describe_vision(own, sizes), "; text tower ", describe_text(own, sizes.text_width),
                       "; but ", where, " says: image tower ", describe_vision(form, sizes),
                       "; text tower ", describe_text(form, sizes.text_width),
                       "; expected the configuration of this model, or none");
}

MAO_INLINE void expect_sizes(const StatedForm& stated, const ClipArchitecture& sizes, const std::string& source) {
  require<FormatError>(!stated.resolution || *stated.resolution == sizes.resolution, source,
                       ": its image tower says that it takes ", stated.resolution.value_or(0),
                       " px, its position embedding is of ", sizes.resolution);
  require<FormatError>(!stated.context || *stated.context == sizes.context, source,
                       ": its text tower says that it takes ", stated.context.value_or(0),
                       " tokens, its position embedding is of ", sizes.context);
  const std::string whole = text_of(sizes.patch, ", ", sizes.patch, "; 0, 0; 1, 1");
  require<FormatError>(stated.window.empty() || stated.window == whole, source,
                       ": the convolution that cuts its patches has the stride, padding and dilation ", stated.window,
                       ", expected ", whole, ": in mao's image towers patches stand side by side");
}

}  // namespace mao
