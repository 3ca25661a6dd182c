// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/core/tensor.hpp>

#include <cstdint>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

MAO_INLINE void expect_shape(const Tensor& value, at::IntArrayRef expected, const std::string& what) {
  require<ShapeError>(value.defined(), what, " is an undefined tensor, expected shape ", shape_text(expected));
  bool same = value.dim() == static_cast<std::int64_t>(expected.size());
  for (std::size_t i = 0; same && i < expected.size(); ++i) {
    same = expected[i] == -1 || expected[i] == value.size(static_cast<std::int64_t>(i));
  }
  require<ShapeError>(same, what, " has shape ", shape_text(value.sizes()), ", expected ", shape_text(expected),
                      " (-1 stands for any extent)");
}

}  // namespace mao
