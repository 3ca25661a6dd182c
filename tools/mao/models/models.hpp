// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The frozen model that a run names.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include <mao/models/any_model.hpp>

namespace mao_program {

using namespace mao;  // the program is written in the words of the library

struct ModelSettings;

/// A model and what was decided about it.
struct OpenedModel {
  std::shared_ptr<const AnyModel> model;
  std::string description;                       ///< one line for the log
  std::string pixels{};                          ///< one line for the log: how pictures are prepared, and who says so
  bool augments = false;                         ///< train on random crops unless told otherwise
  bool cuts_texts = false;                       ///< whole texts that are too long are cut, as the model's library does
  std::string similarity;                        ///< who ranks hard negatives unless told otherwise
  c10::Device device{at::kCPU};                  ///< where it computes
  std::string precision = "fp32";                ///< of the towers, part of the key of kept image features
  std::size_t token_bytes = 0, image_bytes = 0;  ///< that a step keeps of a text token, of an image; 0: not known
};

/// A model that a program of your own adds.
struct OwnModel {
  std::function<AnyModel(const std::filesystem::path& weights)> open;
  bool takes_weights = false;  ///< otherwise `--weights` is refused
};

/// Those by name.
std::map<std::string, OwnModel>& own_models();

/// **Throws** `FileError`, `FormatError`, `OptionError`.
OpenedModel open_model(const ModelSettings& settings);

}  // namespace mao_program
