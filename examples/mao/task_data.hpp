// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The images of a run: few shots of both halves to train on, all test images, from files or rendered.

#include <functional>
#include <optional>
#include <string>

#include <mao/evaluation/base_to_new.hpp>

#include "image_features.hpp"
#include "labelled_images.hpp"

namespace mao_program {

/// Told while images are encoded: what, how many are done, of how many.
using EncodeProgress = std::function<void(const std::string& what, std::int64_t done, std::int64_t total)>;

/// Makes the task of each seed. Features of test images are encoded once; those of training images too, unless they are
/// augmented, or of a fixed number of augmented views (`--views`). With `pixels`, for methods that prompt the image
/// tower, the pixels come with them.
class TaskData {
 public:
  /// `log` is told what the cache of features has to say. **Throws** `FileError`, `DataError`, `OptionError`.
  TaskData(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels,
           EncodeProgress progress, FeatureCache::Log log);

  /// The task with the few shots of that training seed. Its sources live as long as this object, until the next call.
  BaseToNewTask of_seed(std::uint64_t seed);

  [[nodiscard]] bool augments() const { return augment_; }
  /// For the log, a line or two.
  [[nodiscard]] std::string description() const;

 private:
  /// Few shots of a half, as pixels.
  [[nodiscard]] LabelledImages training_images(bool base, std::uint64_t shot_seed) const;
  [[nodiscard]] LabelledImages test_images(bool base) const;
  /// Keeps the features of the evaluation view, in place of the pixels or beside them.
  [[nodiscard]] LabelledImages encoded(LabelledImages images, const std::string& what) const;
  /// Keeps the features of `--views` augmented views, in place of the pixels or beside them.
  [[nodiscard]] LabelledImages with_views(LabelledImages images, const std::string& what, std::uint64_t seed) const;
  [[nodiscard]] FeatureProgress progress_of(const std::string& what, std::int64_t total) const;
  [[nodiscard]] LoaderOptions loader_options(bool cached) const;

  OpenedModel opened_;
  DataSettings settings_;
  RunOptions options_;
  EncodeProgress progress_;
  bool pixels_ = false;
  bool augment_ = false;
  std::optional<Dataset> files_;
  std::optional<FeatureCache> cache_;
  LabelledImages base_train_, new_train_, base_test_, new_test_;
  std::optional<std::uint64_t> drawn_;
};

}  // namespace mao_program
