// SPDX-License-Identifier: Apache-2.0
#pragma once
// The weights of a CLIP under the names of other libraries.

#include <string>

#include <mao/core/tensor.hpp>

#include <embedded/hugging_face_names.hpp>

namespace mao_test {

using mao::embedded::as_hugging_face;
using mao::embedded::replace;

inline mao::TensorMap as_open_clip_custom(const mao::TensorMap& weights) {
  mao::TensorMap result;
  for (const auto& [name, value] : weights) {
    result[name.starts_with("visual.") || name == "logit_scale" ? name : "text." + name] = value;
  }
  return result;
}

}  // namespace mao_test
