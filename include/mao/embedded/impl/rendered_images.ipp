// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/rendered_images.hpp>

#include <ATen/ops/empty.h>

#include <mao/config.hpp>
#include <mao/data/detail/transform.hpp>

namespace mao::embedded {

MAO_INLINE RenderedImages rendered_images(const Task& task, Half half, Split split, const Preprocess& preprocess,
                                          std::int64_t per_class, std::uint64_t draw) {
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
