// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/finite.hpp>

#include <cmath>
#include <initializer_list>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE bool all_finite(const Tensor& tensor) {
  if (!tensor.defined() || !tensor.is_floating_point() || tensor.numel() == 0) return true;
  const Tensor values = tensor.detach();
  if (std::isfinite(values.sum().item<double>())) return true;
  return std::isfinite((values * 0).sum().item<double>());  // a sum of finite numbers can overflow
}

MAO_INLINE std::int64_t first_bad_row(const Tensor& tensor) {
  for (std::int64_t row = 0; row < tensor.size(0); ++row) {
    if (!all_finite(tensor.select(0, row))) return row;
  }
  return -1;
}

MAO_INLINE std::string first_bad_parameter(const ParameterList& parameters) {
  for (const Parameter& parameter : parameters) {
    if (!all_finite(parameter.value)) return parameter.name;
  }
  return {};
}

MAO_INLINE std::string bad_input(const ImageBatch& images) {
  const auto row_of = [](const Tensor& tensor, const char* what) -> std::string {
    if (all_finite(tensor)) return {};
    return text_of(what, " of image ", first_bad_row(tensor), " of the batch");
  };
  if (auto bad = row_of(images.pixels, "the pixels"); !bad.empty()) return bad;
  return row_of(images.features, "the kept features");
}

MAO_INLINE std::string bad_output(const Output& output, const ClassList& classes) {
  if (!all_finite(output.image)) {
    return text_of("the image features of image ", first_bad_row(output.image), " of the batch");
  }
  if (!all_finite(output.text)) {
    if (output.text.dim() != 2) return "the class features";
    const auto row = static_cast<std::size_t>(first_bad_row(output.text));
    const std::int64_t id = row < output.candidates.ids.size() ? output.candidates.ids[row] : -1;
    const bool known = id >= 0 && id < classes.size();
    return text_of("the class features of ",
                   known ? "'" + classes.names[static_cast<std::size_t>(id)] + "'" : text_of("candidate ", row));
  }
  return all_finite(output.logits) ? std::string() : "the logits";
}

}  // namespace mao
