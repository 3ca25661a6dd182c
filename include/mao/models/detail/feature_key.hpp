// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What features of image files depend on, so that kept ones are used for nothing else.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <mao/data/preprocess.hpp>

namespace mao {

/// A file as it was when somebody looked.
struct FileIdentity {
  std::string path;             ///< relative to the data set's folder, so that it may be moved
  std::uintmax_t size = 0;      ///< bytes
  std::int64_t changed_ns = 0;  ///< time of the last change, nanoseconds; copying and unpacking programs set it at will
  std::int64_t status_ns = 0;   ///< time of the last change of the entry itself, which no program can set

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// Looks at files. **Throws** `FileError` naming one that cannot be examined.
std::vector<FileIdentity> identities_of(const std::filesystem::path& root, const std::vector<std::string>& paths);

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
  [[nodiscard]] std::map<std::string, std::string> parts() const;

  /// 16 hexadecimal digits over all parts.
  [[nodiscard]] std::string name() const;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/detail/impl/feature_key.ipp>
#endif
