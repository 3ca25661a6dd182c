// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The pictures of a task as tensors for a model.

#include <cstdint>
#include <vector>

#include <mao/core/tensor.hpp>
#include <mao/data/preprocess.hpp>
#include <mao/embedded/tasks.hpp>

namespace mao::embedded {

/// **Shapes** pixels [N, 3, R, R], labels [N], class by class.
struct RenderedImages {
  Tensor pixels;
  std::vector<std::int64_t> labels;
};

/// Renders one half and split, with `per_class` images of each class (0: as many as the task has). The images depend on
/// `draw`.
RenderedImages rendered_images(const Task& task, Half half, Split split, const Preprocess& preprocess,
                               std::int64_t per_class = 0, std::uint64_t draw = 0);

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/impl/rendered_images.ipp>
#endif
