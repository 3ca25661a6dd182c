// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The pictures of a task as tensors, ready for a model.

#include <cstdint>
#include <vector>

#include <ATen/ops/empty.h>

#include <mao/core/tensor.hpp>
#include <mao/data/detail/transform.hpp>
#include <mao/embedded/tasks.hpp>

namespace mao::embedded {

/// **Shapes** pixels [N, 3, R, R], labels [N], class by class.
struct RenderedImages {
  Tensor pixels;
  std::vector<std::int64_t> labels;
};

/// Renders one half and split; `per_class` images of each class, 0: as many as the task has. Another `draw`, other
/// images.
inline RenderedImages rendered_images(const Task& task, Half half, Split split, const Preprocess& preprocess,
                                      std::int64_t per_class = 0, std::uint64_t draw = 0) {
  const std::int64_t each = per_class > 0 ? per_class : task.images(split);
  const auto classes = static_cast<std::int64_t>(task.classes(half).size()), side = std::int64_t{preprocess.resolution};
  RenderedImages result;
  result.pixels = at::empty({classes * each, 3, side, side}, at::kFloat);
  float* out = result.pixels.mutable_data_ptr<float>();
  for (std::int64_t label = 0; label < classes; ++label) {
    for (std::int64_t index = 0; index < each; ++index, out += 3 * side * side) {
      evaluation_view(render(task, half, split, label, index, world_seed + draw), preprocess, out);
      result.labels.push_back(label);
    }
  }
  return result;
}

}  // namespace mao::embedded
