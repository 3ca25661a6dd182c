// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the golden traces of the reference implementations lie; tests that need them skip when they are absent.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include <support/folders.hpp>

namespace mao_test {

namespace fs = std::filesystem;

/// Unpacks the archive once; another process that does the same at the same time does no harm.
inline bool unpack_golden(const fs::path& archive, const fs::path& folder) {
  const fs::path part = folder.string() + ".part" + std::to_string(::getpid());
  std::error_code failure;
  fs::create_directories(part, failure);
  const std::string command = "tar -xJf '" + archive.string() + "' -C '" + part.string() + "' --strip-components=1";
  const bool unpacked = std::system(command.c_str()) == 0;
  if (unpacked) fs::rename(part, folder, failure);
  fs::remove_all(part, failure);
  return fs::exists(folder / "golden0");
}

/// The folder with `golden0`, `coop`, `mao`, ...: $MAO_GOLDEN, the source tree's build/golden, or the given archive
/// unpacked into the build tree.
inline std::optional<fs::path> golden_folder() {
  if (const char* given = std::getenv("MAO_GOLDEN")) {
    if (fs::exists(fs::path(given) / "golden0")) return fs::path(given);
  }
  const fs::path beside = mao_test::source_dir() + "/build/golden";
  if (fs::exists(beside / "golden0")) return beside;
  const fs::path unpacked = mao_test::build_dir() + "/golden";
  if (fs::exists(unpacked / "golden0")) return unpacked;
  const fs::path archive = mao_test::source_dir() + "/../shared/golden/golden.tar.xz";
  if (fs::exists(archive) && unpack_golden(archive, unpacked)) return unpacked;
  return std::nullopt;
}

/// The folder of given material beside the source tree.
inline std::optional<fs::path> shared_folder() {
  const fs::path shared = mao_test::source_dir() + "/../shared";
  return fs::exists(shared) ? std::optional(shared) : std::nullopt;
}

inline nlohmann::json read_json_file(const fs::path& path) {
  std::ifstream in(path);
  return nlohmann::json::parse(in);
}

}  // namespace mao_test
