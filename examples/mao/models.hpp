// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The frozen model that a run names.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include <mao/clip/any_model.hpp>

#include "settings.hpp"

namespace mao_program {

/// A model and what was decided about it.
struct OpenedModel {
  std::shared_ptr<const AnyModel> model;
  std::string description;  ///< one line for the log
  bool augments = false;    ///< train on random crops unless told otherwise
  std::string similarity;   ///< who ranks hard negatives unless told otherwise
  c10::Device device{at::kCPU};  ///< where it computes
  std::string precision = "fp32";  ///< of the towers, part of the key of kept image features
  /// Bytes that a step keeps of a number of text tokens, or of images with prompts; empty where it is not known.
  std::function<std::size_t(std::int64_t)> text_bytes = {}, image_bytes = {};
};

/// **Throws** `FileError`, `FormatError`, `OptionError`.
OpenedModel open_model(const ModelSettings& settings);

}  // namespace mao_program
