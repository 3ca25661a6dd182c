// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/feature_cache.hpp>

#include <cstdlib>
#include <system_error>

#include <mao/config.hpp>
#include <mao/io/safetensors.hpp>

namespace mao {

MAO_INLINE std::filesystem::path FeatureCache::default_folder() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? std::filesystem::path(value) : std::filesystem::path();
  };
  std::filesystem::path base = set("XDG_CACHE_HOME");
  if (base.empty() && !set("HOME").empty()) base = set("HOME") / ".cache";
  if (base.empty()) base = std::filesystem::temp_directory_path();
  return base / "mao" / "features";
}

MAO_INLINE std::optional<Tensor> FeatureCache::find(const FeatureKey& key) const {
  const auto path = path_of(key);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return std::nullopt;
  try {
    const TensorFile file = read_safetensors(path);
    // Every file that `keep` writes has a checksum. Without one, nobody can tell whether the values were edited.
    require<FormatError>(!file.checksum.empty(), path.string(), ": its checksum is missing, expected one");
    const Tensor features = file.tensors.at("features").clone();  // whoever damages the file later harms nobody
    expect_shape(features, {key.rows(), -1}, path.string() + ": features");
    require<FormatError>(file.metadata == metadata_of(key), path.string(), ": the key in it is another");
    return features;
  } catch (const std::exception& problem) {
    say(text_of("kept image features are not used: ", problem.what()));
    return std::nullopt;
  }
}

MAO_INLINE void FeatureCache::keep(const FeatureKey& key, const Tensor& features) const {
  expect_shape(features, {key.rows(), -1}, "FeatureCache: features");
  try {
    std::filesystem::create_directories(folder_);
    write_safetensors(path_of(key), {{"features", features}}, metadata_of(key));
  } catch (const std::exception& problem) {
    say(text_of("image features are not kept: ", problem.what()));
  }
}

MAO_INLINE Tensor FeatureCache::of(const FeatureKey& key, const std::function<Tensor()>& compute) const {
  if (auto found = find(key)) return *std::move(found);
  Tensor made = compute();
  keep(key, made);
  return made;
}

MAO_INLINE std::uintmax_t FeatureCache::size_bytes() const {
  std::uintmax_t total = 0;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, failure)) {
    std::error_code gone;  // files come and go while others write
    const auto size = entry.file_size(gone);
    if (!gone) total += size;
  }
  return total;
}

MAO_INLINE std::map<std::string, std::string> FeatureCache::metadata_of(const FeatureKey& key) {
  auto metadata = key.parts();
  metadata["format"] = "mao image features 2";
  return metadata;
}

}  // namespace mao
