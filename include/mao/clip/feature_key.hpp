// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What features of image files depend on, so that kept ones are used for nothing else.

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <mao/core/content_hash.hpp>
#include <mao/core/error.hpp>
#include <mao/data/preprocess.hpp>

namespace mao {

/// A file as it was when somebody looked.
struct FileIdentity {
  std::string path;             ///< relative to the data set's folder, so that it may be moved
  std::uintmax_t size = 0;      ///< bytes
  std::int64_t changed_ns = 0;  ///< time of the last change, nanoseconds of the file system's clock

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// Looks at files. **Throws** `FileError` naming one that cannot be examined.
inline std::vector<FileIdentity> identities_of(const std::filesystem::path& root,
                                               const std::vector<std::string>& paths) {
  std::vector<FileIdentity> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) {
    std::error_code size_failure, time_failure;
    const auto size = std::filesystem::file_size(root / path, size_failure);
    const auto time = std::filesystem::last_write_time(root / path, time_failure);
    const std::error_code failure = size_failure ? size_failure : time_failure;
    require<FileError>(!failure, "cannot examine the image ", (root / path).string(), ": ", failure.message());
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
    files.push_back({path, size, static_cast<std::int64_t>(since.count())});
  }
  return files;
}

namespace detail {

inline std::string text_of_floats(const std::array<float, 3>& values) {
  std::string text;
  for (const float value : values) {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%s%.9g", text.empty() ? "" : " ", static_cast<double>(value));
    text += digits.data();
  }
  return text;
}

}  // namespace detail

/// Everything that the features of a list of images depend on.
struct FeatureKey {
  std::string model;              ///< its fingerprint
  std::string computed = "fp32";  ///< precision, and whatever else moves the last digits
  Preprocess preprocess{};
  std::string views = "evaluation";  ///< which view of each image; rows are view by view, then image by image
  std::int64_t views_per_image = 1;
  std::vector<FileIdentity> files;

  /// How many rows of features there are.
  [[nodiscard]] std::int64_t rows() const { return views_per_image * static_cast<std::int64_t>(files.size()); }

  /// The parts as texts; the list of files as its length and a hash over paths, sizes and times.
  [[nodiscard]] std::map<std::string, std::string> parts() const {
    detail::ContentHash hash;
    for (const FileIdentity& file : files) {
      hash.add(file.path);
      hash.add(std::to_string(file.size));
      hash.add(std::to_string(file.changed_ns));
    }
    return {{"model", model},
            {"computed", computed},
            {"preprocess", text_of(preprocess.resolution, " from ", preprocess.short_side(), ", mean ",
                                   detail::text_of_floats(preprocess.mean), ", deviation ",
                                   detail::text_of_floats(preprocess.deviation))},
            {"views", text_of(views_per_image, ", ", views)},
            {"files", text_of(files.size(), " files, ", hash.text())}};
  }

  /// 16 hexadecimal digits over all parts.
  [[nodiscard]] std::string name() const {
    detail::ContentHash hash;
    for (const auto& [part, value] : parts()) {
      hash.add(part);
      hash.add(value);
    }
    return hash.text();
  }
};

}  // namespace mao
