// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The images of a run as pixels: few shots of both halves to train on, all test images, from files or rendered.

#include <optional>
#include <string>

#include "data/labelled_images.hpp"

namespace mao_program {

/// Opens the data set; images are read when they are asked for. Where all classes are trained on (`--class-split
/// all`), the base half is all of them and there is no other.
class TaskImages {
 public:
  /// `pixels`: the method prompts the image tower, so that pixels are read again and again and worth keeping.
  /// **Throws** `FileError`, `DataError`, `OptionError`.
  TaskImages(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels);

  /// Few shots as that training seed draws them.
  [[nodiscard]] LabelledImages training(Half half, std::uint64_t seed) const;
  [[nodiscard]] LabelledImages test(Half half) const;

  /// Seed of the few-shot draw.
  [[nodiscard]] std::uint64_t shot_seed_of(std::uint64_t seed) const;
  /// Whether training shows random crops and flips.
  [[nodiscard]] bool augments() const { return augment_; }
  [[nodiscard]] bool has_new_half() const { return settings_.classes != "all"; }
  /// The files of --data; nothing where its images are rendered.
  [[nodiscard]] const std::optional<Dataset>& files() const { return files_; }

 private:
  [[nodiscard]] LoaderOptions loader_options(bool cached) const;
  [[nodiscard]] Half chosen(Half half) const { return has_new_half() ? half : Half::All; }

  OpenedModel opened_;
  DataSettings settings_;
  RunOptions options_;
  bool pixels_ = false;
  bool augment_ = false;
  std::optional<Dataset> files_;
};

}  // namespace mao_program
