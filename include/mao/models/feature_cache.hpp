// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Image features of a frozen model, kept on disk between runs.

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <mao/core/tensor.hpp>
#include <mao/io/safetensors.hpp>
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
  static std::filesystem::path default_folder() {
    const auto set = [](const char* name) {
      const char* value = std::getenv(name);
      return value != nullptr && *value != '\0' ? std::filesystem::path(value) : std::filesystem::path();
    };
    std::filesystem::path base = set("XDG_CACHE_HOME");
    if (base.empty() && !set("HOME").empty()) base = set("HOME") / ".cache";
    if (base.empty()) base = std::filesystem::temp_directory_path();
    return base / "mao" / "features";
  }

  /// The features, or nothing. **Shape** [rows, D].
  [[nodiscard]] std::optional<Tensor> find(const FeatureKey& key) const {
    const auto path = path_of(key);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return std::nullopt;
    try {
      const TensorFile file = read_safetensors(path);
      const Tensor features = file.tensors.at("features").clone();  // whoever damages the file later harms nobody
      expect_shape(features, {key.rows(), -1}, path.string() + ": features");
      require<FormatError>(file.metadata == metadata_of(key), path.string(), ": the key in it is another");
      return features;
    } catch (const std::exception& problem) {
      say(text_of("kept image features are not used: ", problem.what()));
      return std::nullopt;
    }
  }

  /// Writes the features down. **Shape** [rows, D]. **Throws** `ShapeError` for another number of rows.
  void keep(const FeatureKey& key, const Tensor& features) const {
    expect_shape(features, {key.rows(), -1}, "FeatureCache: features");
    try {
      std::filesystem::create_directories(folder_);
      write_safetensors(path_of(key), {{"features", features}}, metadata_of(key));
    } catch (const std::exception& problem) {
      say(text_of("image features are not kept: ", problem.what()));
    }
  }

  /// The kept features, or what `compute` returns, kept from now on.
  Tensor of(const FeatureKey& key, const std::function<Tensor()>& compute) const {
    if (auto found = find(key)) return *std::move(found);
    Tensor made = compute();
    keep(key, made);
    return made;
  }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path path_of(const FeatureKey& key) const {
    return folder_ / (key.name() + ".safetensors");
  }

  /// Of all files in the folder.
  [[nodiscard]] std::uintmax_t size_bytes() const {
    std::uintmax_t total = 0;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, failure)) {
      std::error_code gone;  // files come and go while others write
      const auto size = entry.file_size(gone);
      if (!gone) total += size;
    }
    return total;
  }

 private:
  static std::map<std::string, std::string> metadata_of(const FeatureKey& key) {
    auto metadata = key.parts();
    metadata["format"] = "mao image features 2";
    return metadata;
  }

  void say(const std::string& line) const {
    if (log_) log_(line);
  }

  std::filesystem::path folder_;
  Log log_;
};

}  // namespace mao
