// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The small CLIP that comes with mao, and the place of its files.

#include <filesystem>
#include <memory>

#include <mao/embedded/detail/share_folder.hpp>
#include <mao/models/clip_model.hpp>

namespace mao::embedded {

/// The folder with the embedded model: `$MAO_SHARE/embedded`; otherwise `share/mao/embedded` in a folder above the
/// running program (an installed prefix or the build tree); otherwise where CMake found mao (`MAO_SHARE_DIR`).
///
/// **Throws** `FileError` if none of them contains a model.
inline std::filesystem::path model_folder() { return detail::share_folder("embedded"); }

/// The small CLIP that comes with mao: 4 blocks per tower, images of 48 x 48 pixels, trained on rendered pictures
/// (embedded/tasks.hpp). One training step takes a few milliseconds.
inline std::shared_ptr<const Clip> clip(const std::filesystem::path& folder = model_folder()) {
  return std::make_shared<const Clip>(Clip::load(folder, {.vocabulary = folder / "merges.txt", .activation = {}}));
}

}  // namespace mao::embedded
