// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the files of an embedded model are.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/text/detail/site_folders.hpp>

namespace mao::embedded::detail {

/// Why the folder `name` was not found. `above`: the folders above the running program, where it was looked for.
inline std::string missing_model(const std::string& name, const std::vector<std::filesystem::path>& above) {
  const std::string why = above.empty() ? "/proc/self/exe cannot be read (is /proc mounted?), so the program does not "
                                          "know its own folder, above which it looks for share/mao/"
                                        : "no folder above the running program has share/mao/";
  return text_of("the embedded model was not found: ", why, name,
                 "; set MAO_SHARE to the folder share/mao of an installed mao");
}

/// The folder `name` with a model: in `$MAO_SHARE`; otherwise in `share/mao` in a folder above the running program (an
/// installed prefix or the build tree); otherwise where CMake found mao (`MAO_SHARE_DIR`).
///
/// **Throws** `FileError` if none of them contains a model.
inline std::filesystem::path share_folder(const std::string& name) {
  namespace fs = std::filesystem;
  const auto holds_model = [](const fs::path& folder) { return fs::exists(folder / "model.safetensors"); };
  if (const char* share = std::getenv("MAO_SHARE")) {
    const fs::path given = fs::path(share) / name;
    require<FileError>(holds_model(given), "MAO_SHARE is ", share, ", but ", given.string(),
                       " holds no model.safetensors");
    return given;
  }
  const std::vector<fs::path> places = mao::detail::folders_above_program();
  for (const fs::path& above : places) {
    if (const fs::path folder = above / "share/mao" / name; holds_model(folder)) return folder;
  }
#ifdef MAO_SHARE_DIR
  if (const fs::path folder = fs::path(MAO_SHARE_DIR) / name; holds_model(folder)) return folder;
#endif
  throw FileError(missing_model(name, places));
}

}  // namespace mao::embedded::detail
