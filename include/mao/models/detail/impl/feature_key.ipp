// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/feature_key.hpp>

#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/stat.h>

#include <mao/config.hpp>
#include <mao/core/detail/content_hash.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::vector<FileIdentity> identities_of(const std::filesystem::path& root,
                                                   const std::vector<std::string>& paths) {
  std::vector<FileIdentity> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) {
    struct stat status {};
    const bool found = ::stat((root / path).c_str(), &status) == 0;
    require<FileError>(found, "cannot examine the image ", (root / path).string(), ": ", std::strerror(errno),
                       errno == ENOENT ? "; `mao datasets check` lists all images that are missing" : "");
    const auto nanoseconds = [](const timespec& time) {
      return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
    };
    files.push_back(
        {path, static_cast<std::uintmax_t>(status.st_size), nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)});
  }
  return files;
}

MAO_INLINE std::map<std::string, std::string> FeatureKey::parts() const {
  detail::ContentHash hash;
  for (const FileIdentity& file : files) {
    hash.add(file.path);
    hash.add(std::to_string(file.size));
    hash.add(std::to_string(file.changed_ns));
    hash.add(std::to_string(file.status_ns));
  }
  return {{"model", model},
          {"computed", computed},
          {"preprocess", describe(preprocess)},
          {"views", text_of(views_per_image, ", ", views)},
          {"files", text_of(files.size(), " files, ", hash.text())}};
}

MAO_INLINE std::string FeatureKey::name() const {
  detail::ContentHash hash;
  for (const auto& [part, value] : parts()) {
    hash.add(part);
    hash.add(value);
  }
  return hash.text();
}

}  // namespace mao
