// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A task of rendered pictures for tuning.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <mao/embedded/clip.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/models/clip_model.hpp>

namespace mao::embedded {

/// Few shots and all test images of both halves, as pixels with the features of the frozen image tower.
class FewShotTask {
 public:
  /// Renders task `name` ("sketch", "shifted", "disjoint"); the training images depend on `seed`.
  FewShotTask(const Clip& clip, const std::string& name, std::uint64_t seed);

  /// Refers to this object, so a temporary has none.
  BaseToNewTask task_view() &;

 private:
  struct Images {
    std::unique_ptr<ImageSource> source;
    std::vector<std::int64_t> labels;
  };

  static Images encode(const Clip& clip, const std::string& name, Half half, Split split, std::uint64_t seed);

  Images base_train_, new_train_, base_test_, new_test_;
  ClassList base_classes_, new_classes_;
};

}  // namespace mao::embedded

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/embedded/impl/few_shot_task.ipp>
#endif
