// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Rendered pictures as tensors.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/tensor.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/embedded/tasks.hpp>

namespace mao::embedded {

/// Bytes [B, 48, 48, 3] to normalised pixels [B, 3, 48, 48].
inline Tensor normalised(const Tensor& pictures, const Preprocess& preprocess = {}) {
  const Tensor mean = at::tensor(at::ArrayRef<float>(preprocess.mean)) * 255.0;
  const Tensor deviation = at::tensor(at::ArrayRef<float>(preprocess.deviation)) * 255.0;
  return ((pictures.to(at::kFloat) - mean) / deviation).permute({0, 3, 1, 2});
}

/// Copies a picture into row `index` of [B, 48, 48, 3].
inline void put(const Image& image, Tensor& pictures, std::int64_t index) {
  const auto bytes = static_cast<std::int64_t>(image.pixels.size());
  std::memcpy(pictures.mutable_data_ptr<std::uint8_t>() + index * bytes, image.pixels.data(), image.pixels.size());
}

inline Tensor empty_pictures(std::int64_t count) {
  constexpr auto side = static_cast<std::int64_t>(image_side);
  return at::empty({count, side, side, 3}, at::kByte);
}

/// Pictures with their classes.
struct LabelledPictures {
  std::vector<std::string> class_names;
  Tensor bytes;   ///< [N, 48, 48, 3], class by class
  Tensor labels;  ///< [N] positions in `class_names`

  /// What `TensorImages` and `encode_image` take, [N, 3, 48, 48].
  [[nodiscard]] Tensor pixels(const Preprocess& preprocess = {}) const {
    return normalised(bytes, preprocess).contiguous();
  }
};

/// All pictures of one half and split of a task.
inline LabelledPictures pictures(const Task& task, Half half, Split split) {
  const std::int64_t per_class = task.images(split);
  LabelledPictures set{task.class_names(half), empty_pictures(std::ssize(task.classes(half)) * per_class), {}};
  std::vector<std::int64_t> labels;
  for (std::int64_t label = 0; label < std::ssize(set.class_names); ++label) {
    for (std::int64_t index = 0; index < per_class; ++index) {
      put(render(task, half, split, label, index), set.bytes, std::ssize(labels));
      labels.push_back(label);
    }
  }
  set.labels = at::tensor(labels);
  return set;
}

}  // namespace mao::embedded
