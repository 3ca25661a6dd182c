// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The small CLIP that comes with mao, and the place of its files.

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <mao/core/error.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/text/detail/site_folders.hpp>

namespace mao::embedded {

/// The folder with the embedded model: `$MAO_SHARE/embedded`; otherwise `share/mao/embedded` in a folder above the
/// running program (an installed prefix or the build tree); otherwise where CMake found mao (`MAO_SHARE_DIR`).
///
/// **Throws** `FileError` if none of them contains a model.
inline std::filesystem::path model_folder() {
  namespace fs = std::filesystem;
  const auto holds_model = [](const fs::path& folder) { return fs::exists(folder / "model.safetensors"); };
  if (const char* share = std::getenv("MAO_SHARE")) {
    const fs::path given = fs::path(share) / "embedded";
    require<FileError>(holds_model(given), "MAO_SHARE is ", share, ", but ", given.string(), " holds no model.safetensors");
    return given;
  }
  for (const fs::path& above : mao::detail::folders_above_program()) {
    if (const fs::path folder = above / "share/mao/embedded"; holds_model(folder)) return folder;
  }
#ifdef MAO_SHARE_DIR
  if (const fs::path folder = fs::path(MAO_SHARE_DIR) / "embedded"; holds_model(folder)) return folder;
#endif
  throw FileError(
      "the embedded model was not found: no folder above the running program has share/mao/embedded; set MAO_SHARE to "
      "the folder share/mao of an installed mao");
}

/// The small CLIP that comes with mao: 4 blocks per tower, images of 48 x 48 pixels, trained on rendered pictures
/// (embedded/tasks.hpp). One training step takes a few milliseconds.
inline std::shared_ptr<const Clip> clip(const std::filesystem::path& folder = model_folder()) {
  return std::make_shared<const Clip>(Clip::load(folder, {.vocabulary = folder / "merges.txt", .activation = {}}));
}

}  // namespace mao::embedded
