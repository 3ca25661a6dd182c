// SPDX-License-Identifier: Apache-2.0
#pragma once
// Pictures of the embedded tasks on disk, as a user would have photographs.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <support/catch.hpp>
#include <support/program.hpp>
#include <support/temporary_folder.hpp>

namespace mao_test {

// Renders a task into a folder, which it returns: all pictures, or so many of each class for training and for testing.
inline std::filesystem::path rendered(const std::string& task, const std::filesystem::path& folder, int pictures = 40) {
  const std::string render = quoted(build_dir() + "/bin/render-embedded") + " " + task + " " + quoted(folder);
  REQUIRE(shell(render + " " + std::to_string(pictures)).code == 0);
  return folder;
}
inline std::filesystem::path rendered_sketch(const std::filesystem::path& folder, int pictures = 40) {
  return rendered("sketch", folder, pictures);
}

// A few pictures of sketch, rendered once: with all of them each command would render and encode 2,240. What commands
// keep of them is kept beside them.
inline const std::filesystem::path& few_pictures() {
  static const TemporaryFolder folder;
  static const std::filesystem::path pictures = [] {
    REQUIRE(::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1) == 0);
    return rendered_sketch(folder / "sketch", 4);
  }();
  return pictures;
}

// The first pictures of a folder and those below, by path.
inline std::vector<std::filesystem::path> first_pictures(const std::filesystem::path& folder, std::size_t count) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".png") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  REQUIRE(files.size() >= count);
  files.resize(count);
  return files;
}

}  // namespace mao_test
