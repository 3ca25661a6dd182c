// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the sources and this build lie, found from the running test: no path is compiled in, so that a compiler cache
// serves every clone.

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace mao_test {

/// The build folder: tests are in its `bin`.
inline const std::string& build_dir() {
  static const std::string folder = std::filesystem::canonical("/proc/self/exe").parent_path().parent_path().string();
  return folder;
}

/// The folder of the sources, as CMake's cache names it.
inline const std::string& source_dir() {
  static const std::string folder = [] {
    const std::string key = "CMAKE_HOME_DIRECTORY:INTERNAL=";
    std::ifstream cache(build_dir() + "/CMakeCache.txt");
    for (std::string line; std::getline(cache, line);) {
      if (line.starts_with(key)) return line.substr(key.size());
    }
    throw std::runtime_error("tests run from the `bin` of a build folder; " + build_dir() + " has no CMakeCache.txt");
  }();
  return folder;
}

/// The folder of the embedded CLIP.
inline std::filesystem::path embedded_model() { return std::filesystem::path(source_dir()) / "tools/embedded/model"; }

/// What PyTorch wrote: state dicts, whole modules, archives of both formats.
inline std::filesystem::path torch_files() { return std::filesystem::path(source_dir()) / "tests/core/golden"; }

/// The published splits, which a user's machine does not have.
inline std::filesystem::path shared_splits() { return std::filesystem::path(source_dir()) / "../shared/data/splits"; }

}  // namespace mao_test
