// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the embedded model lies.

#include <cstdlib>
#include <filesystem>

#include <mao/core/error.hpp>
#include <mao/text/vocabulary.hpp>

namespace mao::world {

/// The folder with the embedded model: `$MAO_SHARE/embedded`, else `share/mao/embedded` in a folder above the running
/// program (an installed prefix and the build tree alike).
///
/// **Throws** FileError when neither holds a model.
inline std::filesystem::path embedded_model_folder() {
  namespace fs = std::filesystem;
  const auto holds_model = [](const fs::path& folder) { return fs::exists(folder / "model.safetensors"); };
  if (const char* share = std::getenv("MAO_SHARE")) {
    const fs::path given = fs::path(share) / "embedded";
    require<FileError>(holds_model(given), "MAO_SHARE is ", share, ", but ", given, " holds no model.safetensors");
    return given;
  }
  for (const fs::path& above : detail::folders_above_program()) {
    const fs::path folder = above / "share/mao/embedded";
    if (holds_model(folder)) return folder;
  }
  require<FileError>(false, "the embedded model was not found: no folder above the running program has share/mao/embedded; ",
                     "set MAO_SHARE to mao's share folder (in the sources examples/embedded/model is its `embedded`)");
  return {};
}

}  // namespace mao::world
