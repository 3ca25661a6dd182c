// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/usual_constants.hpp>

#include <ATen/ops/arange.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// Whether each token sees itself and what stands before it: 0 there, so low elsewhere that nothing is left after a
/// softmax.
MAO_INLINE bool is_causal_mask(const Tensor& mask) {
  if (mask.dim() != 2 || mask.size(0) != mask.size(1) || !mask.is_floating_point()) return false;
  const Tensor values = mask.to(at::kDouble), seen = at::ones_like(values).tril().eq(1);
  return at::where(seen, values.eq(0), values.le(-6e4)).all().item<bool>();
}

MAO_INLINE void expect_mask(const std::string& name, const Tensor& mask, const ClipForm& form,
                            const std::string& source) {
  const bool image = name.starts_with("visual.") || name.starts_with("vision_model.");
  require<FormatError>(!image, source, ": ", name, " masks patches, which mao's image towers do not; expected none");
  require<FormatError>(form.causal, source, ": ", name, " masks text, but the configuration says that text is not ",
                       "masked; expected the configuration of this model");
  require<FormatError>(is_causal_mask(mask), source, ": ", name, " ", shape_text(mask.sizes()), " of type ",
                       c10::toString(mask.scalar_type()),
                       " is not a causal mask, which is 0 up to the diagonal and -inf above it; mao's text towers have "
                       "that mask or none: save the model with it, or with attn_mask = None");
}

MAO_INLINE void expect_counting(const std::string& name, const Tensor& value, const std::string& source) {
  const bool counts = value.flatten().to(at::kLong).equal(at::arange(value.numel(), at::kLong));
  require<FormatError>(counts, source, ": ", name, " ", shape_text(value.sizes()),
                       " does not count 0, 1, 2, ..., so its tokens have other positions than in mao's towers; "
                       "expected a model without position_ids, or with the usual ones");
}

MAO_INLINE void expect_size(const std::string& name, const Tensor& value, std::int64_t found,
                            const std::string& source) {
  const auto stated = value.numel() == 1 ? value.to(at::kLong).item<std::int64_t>() : -1;
  require<FormatError>(stated == found, source, ": ", name, " is ", stated, ", the tensors are of a model with ", found,
                       ": they belong to different models; expected the files of one");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void expect_usual_constants(const TensorFile& file, const ClipForm& form, const ClipArchitecture& sizes,
                                       const std::string& source) {
  TensorMap constants = file.tensors;
  for (const auto& [path, module] : file.modules) {
    for (const auto& [name, value] : module.tensors) constants[path.empty() ? name : path + "." + name] = value;
  }
  for (const auto& [name, value] : constants) {
    const std::string last = name.substr(name.rfind('.') + 1);
    if (last == "attn_mask") detail::expect_mask(name, value, form, source);
    if (last == "position_ids") detail::expect_counting(name, value, source);
    if (name == "input_resolution") detail::expect_size(name, value, sizes.resolution, source);
    if (name == "context_length") detail::expect_size(name, value, sizes.context, source);
    if (name == "vocab_size") detail::expect_size(name, value, sizes.vocabulary, source);
  }
}

}  // namespace mao
