// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The images of a run, ready to train and test on.

#include <optional>
#include <string>

#include <mao/evaluation/base_to_new.hpp>

#include "data/image_features.hpp"
#include "data/task_images.hpp"

namespace mao_program {

/// Makes the task of each seed; where all classes are trained on its new half is empty.
///
/// Features of test images are encoded once; those of training images too, unless they are augmented, or of a fixed
/// number of augmented views (`--views`). With `pixels`, for methods that prompt the image tower, the pixels come with
/// them.
class TaskData {
 public:
  /// `log` is told what the cache of features has to say. **Throws** `FileError`, `DataError`, `OptionError`.
  TaskData(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels,
           EncodeProgress progress, FeatureCache::Log log);

  /// The task with the few shots of that training seed. Its sources live as long as this object, until the next call.
  BaseToNewTask of_seed(std::uint64_t seed);

  /// The same images as pixels.
  [[nodiscard]] const TaskImages& images() const { return images_; }
  /// For the log, a line or two.
  [[nodiscard]] std::string description() const;

 private:
  /// Keeps the features of the evaluation view, in place of the pixels or beside them.
  [[nodiscard]] LabelledImages encoded(LabelledImages images, const std::string& what) const;
  /// Keeps the features of `--views` augmented views, in place of the pixels or beside them.
  [[nodiscard]] LabelledImages with_views(LabelledImages images, const std::string& what, std::uint64_t seed) const;
  [[nodiscard]] FeatureProgress progress_of(const std::string& what, std::int64_t total) const;

  OpenedModel opened_;
  DataSettings settings_;
  EncodeProgress progress_;
  bool pixels_ = false;
  TaskImages images_;
  std::optional<FeatureCache> cache_;
  LabelledImages base_train_, new_train_, base_test_, new_test_;
  std::optional<std::uint64_t> drawn_;
};

}  // namespace mao_program
