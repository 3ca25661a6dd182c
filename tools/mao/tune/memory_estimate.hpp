// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a step of training keeps in memory for its backward pass.

#include <algorithm>
#include <cstddef>
#include <string>

#include <mao/core/class_list.hpp>

#include "models/models.hpp"
#include "tune/settings.hpp"

namespace mao_program {

/// Of all classes of a list (a step of MAO: of those in its batch), and of the images where the method prompts their
/// tower.
struct MemoryEstimate {
  std::size_t text = 0, images = 0;  ///< bytes
  std::int64_t tokens = 0;           ///< of the class names
  std::size_t batch = 0;             ///< images of a step

  [[nodiscard]] std::size_t largest() const { return std::max(text, images); }
};

/// Zero where the model does not know.
inline MemoryEstimate estimate_memory(const OpenedModel& opened, const ClassList& classes, const RunSettings& settings,
                                      bool prompts_images) {
  MemoryEstimate estimate;
  if (opened.token_bytes == 0) return estimate;
  for (const std::string& name : classes.names) {
    estimate.tokens += static_cast<std::int64_t>(opened.model->tokenize(name).size()) + 2;  // full stop and end
  }
  estimate.text = opened.token_bytes * static_cast<std::size_t>(estimate.tokens);
  estimate.batch = settings.method.batch > 0 ? static_cast<std::size_t>(settings.method.batch) : 32;
  estimate.images = prompts_images ? opened.image_bytes * estimate.batch : 0;
  return estimate;
}

/// One line for the log.
inline std::string description_of(const MemoryEstimate& estimate, const ClassList& classes, std::int64_t limit_mib) {
  const auto mebibytes = [](std::size_t bytes) { return (bytes >> 20U) + 1; };
  std::string line = text_of("memory for the backward pass of a step: about ", mebibytes(estimate.text), " MiB for ",
                             classes.size(), " classes (prompts of ", estimate.tokens, " tokens in all)");
  if (estimate.images > 0) line += text_of(", ", mebibytes(estimate.images), " MiB for ", estimate.batch, " images");
  if (limit_mib > 0 && estimate.largest() > static_cast<std::size_t>(limit_mib) << 20U) {
    line += text_of("; over the limit of ", limit_mib, " MiB: in parts, each computed twice");
  }
  return line;
}

}  // namespace mao_program
