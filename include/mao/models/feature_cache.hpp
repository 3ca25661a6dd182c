// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Image features of a frozen model, kept on disk between runs.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <mao/core/tensor.hpp>
#include <mao/models/detail/feature_key.hpp>

namespace mao {

/// A folder of safetensors files, one for each `FeatureKey`, named by its hash and holding the whole key and a
/// checksum.
///
/// A file that is cut short, damaged, or of another key counts as absent, and one line says so. Files are written
/// beside their place and moved there, so several processes may share a folder: each finds a whole file or none.
/// Nothing is ever deleted; remove the folder at will.
class FeatureCache {
 public:
  using Log = std::function<void(const std::string&)>;

  /// Neither reads nor makes the folder yet. `log` is told what went wrong; nothing that does stops a run.
  explicit FeatureCache(std::filesystem::path folder, Log log = {})
      : folder_(std::move(folder)), log_(std::move(log)) {}

  /// `$XDG_CACHE_HOME/mao/features`, or `~/.cache/mao/features`; in the system's temporary folder without a home.
  static std::filesystem::path default_folder();

  /// The features, or nothing. **Shape** [rows, D].
  [[nodiscard]] std::optional<Tensor> find(const FeatureKey& key) const;

  /// Writes the features down. **Shape** [rows, D]. **Throws** `ShapeError` for another number of rows.
  void keep(const FeatureKey& key, const Tensor& features) const;

  /// The kept features, or what `compute` returns, kept from now on.
  Tensor of(const FeatureKey& key, const std::function<Tensor()>& compute) const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path path_of(const FeatureKey& key) const {
    return folder_ / (key.name() + ".safetensors");
  }

  /// Of all files in the folder.
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
