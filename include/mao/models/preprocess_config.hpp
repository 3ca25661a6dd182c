// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Preprocessing settings in files beside a checkpoint.
///
/// **Source** open_clip 3.3.0: `image_transform_v2`. transformers 5.24: CLIPImageProcessor, SiglipImageProcessor.

#include <filesystem>
#include <string>

#include <mao/data/preprocess.hpp>
#include <mao/models/detail/names.hpp>
#include <nlohmann/json.hpp>

namespace mao {

/// The preprocessing, and where it is stated.
struct StatedPreprocess {
  Preprocess preprocess;
  std::string reason;  ///< `as clip/open_clip_config.json says`
  bool by_file = false;
};

/// open_clip's `preprocess_cfg`; `where` is put before each key. **Throws** `FormatError`, `OptionError` naming the key.
Preprocess read_open_clip_preprocess(const nlohmann::json& object, const std::string& where, int resolution);

/// A `preprocessor_config.json`; `where` is put before each key. **Throws** `FormatError`, `OptionError` naming the key.
Preprocess read_hugging_face_preprocess(const nlohmann::json& object, const std::string& where, int resolution);

/// The preprocessing of a checkpoint (a file or a folder): from the first file beside it that states any. The files of
/// the library whose names the tensors have come first. Without such a file, it is OpenAI's.
///
/// **Throws** `FileError`, `FormatError`, `OptionError` naming file and key.
StatedPreprocess preprocess_beside(const std::filesystem::path& checkpoint, ClipLayout layout, int resolution);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/preprocess_config.ipp>
#endif
