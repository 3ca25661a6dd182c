// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What files beside a checkpoint say of its pixels.
///
/// **Source** open_clip 3.3.0: `image_transform_v2`. transformers 5.24: CLIPImageProcessor, SiglipImageProcessor.

#include <filesystem>
#include <string>

#include <mao/data/preprocess.hpp>
#include <mao/models/detail/names.hpp>
#include <nlohmann/json.hpp>

namespace mao {

/// What is done to the pixels, and who says so.
struct StatedPreprocess {
  Preprocess preprocess;
  std::string reason;  ///< `as clip/open_clip_config.json says`
  bool by_file = false;
};

/// open_clip's `preprocess_cfg`; `where` stands before each key. **Throws** `FormatError`, `OptionError` naming the key.
Preprocess read_open_clip_preprocess(const nlohmann::json& object, const std::string& where, int resolution);

/// A `preprocessor_config.json`; `where` stands before each key. **Throws** `FormatError`, `OptionError` naming the key.
Preprocess read_hugging_face_preprocess(const nlohmann::json& object, const std::string& where, int resolution);

/// What is done to the pixels of a checkpoint, a file or a folder. The first file beside it that says anything decides,
/// that of the library whose names the tensors have before the others; without one it is OpenAI's.
///
/// **Throws** `FileError`, `FormatError`, `OptionError` naming file and key.
StatedPreprocess preprocess_beside(const std::filesystem::path& checkpoint, ClipLayout layout, int resolution);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/preprocess_config.ipp>
#endif
