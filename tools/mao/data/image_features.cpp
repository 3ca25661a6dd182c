// SPDX-License-Identifier: Apache-2.0
#include "data/image_features.hpp"

#include <unistd.h>

#include <iomanip>
#include <sstream>
#include <system_error>

#include <mao/core/detail/ops.hpp>
#include <mao/core/instruction_set.hpp>
#include <mao/data/random_crop.hpp>
#include <mao/models/cached_views.hpp>
#include <mao/version.hpp>

namespace mao_program {

namespace {

FeatureKey key_of(const OpenedModel& opened, const LabelledImages& images) {
  const std::string kernels = opened.device.is_cpu() ? name_of(instruction_set()) : "cuda";
  FeatureKey key;
  key.model = opened.model->fingerprint();
  key.computed = text_of(opened.precision, ", ", kernels, ", mao ", version);
  key.preprocess = opened.model->preprocess();
  key.files = identities_of(images.root, images.files);
  return key;
}

/// What `compute` gives, or what it gave in an earlier run; kept unless a file changed under way.
Tensor cached(const OpenedModel& opened, const FeatureKey& key, const LabelledImages& images, const FeatureCache& cache,
              const std::function<Tensor()>& compute) {
  if (auto found = cache.find(key)) return found->to(opened.device);
  Tensor features = compute();
  if (identities_of(images.root, images.files) == key.files) cache.keep(key, features);
  return features;
}

}  // namespace

namespace {

/// Why nothing can be read there; empty when it can. Makes the folder.
std::string why_unreadable(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  std::error_code absent;
  if (!std::filesystem::is_directory(folder, absent)) {
    return failure ? text_of("the folder cannot be made (", failure.message(), ")") : "there is no folder";
  }
  return ::access(folder.c_str(), R_OK | X_OK) == 0 ? std::string() : "the folder cannot be read";
}

}  // namespace

std::optional<FeatureCache> open_feature_cache(const std::string& setting, FeatureCache::Log log) {
  if (setting == "off") return std::nullopt;
  const std::filesystem::path folder =
      setting.empty() ? FeatureCache::default_folder() : std::filesystem::path(setting);
  if (const std::string why = why_unreadable(folder); !why.empty()) {
    require<FileError>(setting.empty(), "--feature-cache ", folder.string(), ": ", why,
                       "; name a folder that can be read and written, or off");
    if (log) log(text_of("note: image features are not kept between runs: ", folder.string(), ": ", why));
    return std::nullopt;
  }
  if (::access(folder.c_str(), W_OK) != 0 && log) {
    log(text_of("note: ", folder.string(), " cannot be written to, so image features are read there but not kept"));
  }
  return FeatureCache(folder, std::move(log));
}

std::string description_of(const std::optional<FeatureCache>& cache) {
  if (!cache) return "image features are not kept between runs";
  std::ostringstream line;
  line << "image features are cached in " << cache->folder().string() << " (" << std::fixed << std::setprecision(1)
       << static_cast<double>(cache->size_bytes()) / (1 << 20) << " MiB; safe to delete; --feature-cache off disables it)";
  return line.str();
}

Tensor evaluation_features(const OpenedModel& opened, LabelledImages& images, const std::optional<FeatureCache>& cache,
                           const FeatureProgress& progress) {
  const auto compute = [&] { return FeatureImages::encode(*opened.model, *images.source, 16, progress).features(); };
  if (!cache || images.files.empty()) return compute();
  return cached(opened, key_of(opened, images), images, *cache, compute);
}

LabelledImages with_features(const OpenedModel& opened, LabelledImages images, bool keep_pixels,
                             const std::optional<FeatureCache>& cache, const FeatureProgress& progress) {
  Tensor features = evaluation_features(opened, images, cache, progress);
  if (keep_pixels) {
    images.source =
        std::make_unique<FeaturedImages>(std::move(images.source), std::move(features), opened.model->fingerprint());
  } else {
    images.source = std::make_unique<FeatureImages>(std::move(features), opened.model->fingerprint());
  }
  return images;
}

Tensor view_features(const OpenedModel& opened, LabelledImages& images, std::int64_t views, std::uint64_t seed,
                     const std::optional<FeatureCache>& cache, const FeatureProgress& progress) {
  const auto compute = [&] { return CachedViews::encode(*opened.model, *images.source, views, seed, 16, progress); };
  if (!cache || images.files.empty()) return compute();
  FeatureKey key = key_of(opened, images);
  const Augment augment;
  key.views = text_of("seed ", seed, ", scale ", augment.smallest_scale, " to ", augment.largest_scale, ", ratio ",
                      augment.smallest_ratio, " to ", augment.largest_ratio, ", flip ", augment.flip);
  key.views_per_image = views;
  return cached(opened, key, images, *cache, compute);
}

}  // namespace mao_program
