// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A disk cache for image features of a frozen model.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <mao/core/tensor.hpp>
#include <mao/models/detail/feature_key.hpp>

namespace mao {

/// A folder of safetensors files, one for each `FeatureKey`. The name of a file is the hash of its key; the file also
/// contains the whole key and a checksum.
///
/// A file that is truncated, damaged, or has another key is treated as missing, with one line in the log. Files are
/// written under a temporary name and renamed, so several processes may share a folder: each finds a complete file or
/// none. Nothing is ever deleted; you may remove the folder at any time.
class FeatureCache {
 public:
  using Log = std::function<void(const std::string&)>;

  /// Does not read or create the folder yet. `log` receives errors; an error never stops a run.
  explicit FeatureCache(std::filesystem::path folder, Log log = {})
      : folder_(std::move(folder)), log_(std::move(log)) {}

  /// `$XDG_CACHE_HOME/mao/features`, or `~/.cache/mao/features`; in the system's temporary folder without a home.
  static std::filesystem::path default_folder();

  /// The features, or nothing if they are not cached. **Shape** [rows, D].
  [[nodiscard]] std::optional<Tensor> find(const FeatureKey& key) const;

  /// Stores the features. **Shape** [rows, D]. **Throws** `ShapeError` for another number of rows.
  void keep(const FeatureKey& key, const Tensor& features) const;

  /// The cached features; if there are none, the result of `compute`, which is then stored.
  Tensor of(const FeatureKey& key, const std::function<Tensor()>& compute) const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path path_of(const FeatureKey& key) const {
    return folder_ / (key.name() + ".safetensors");
  }

  /// The size of all files in the folder.
  [[nodiscard]] std::uintmax_t size_bytes() const;

 private:
  static std::map<std::string, std::string> metadata_of(const FeatureKey& key);

  void say(const std::string& line) const {
    if (log_) log_(line);
  }

  std::filesystem::path folder_;
  Log log_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/feature_cache.ipp>
#endif
