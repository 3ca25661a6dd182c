// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Features of the frozen image tower, computed or read from the cache of earlier runs.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <mao/core/detail/ops.hpp>
#include <mao/models/feature_cache.hpp>

#include "data/labelled_images.hpp"

namespace mao_program {

/// Told how many images are encoded.
using FeatureProgress = std::function<void(std::int64_t done)>;
/// Told the same of images of several kinds: what, how many are done, of how many.
using EncodeProgress = std::function<void(const std::string& what, std::int64_t done, std::int64_t total)>;

/// The cache that the option names: none for "off", the user's own folder for "". `log` is told when that one cannot be
/// read. **Throws** `FileError` for a named folder that cannot be.
std::optional<FeatureCache> open_feature_cache(const std::string& setting, FeatureCache::Log log);

/// One line for the log: the folder and how much is in it.
std::string description_of(const std::optional<FeatureCache>& cache);

/// Features of the evaluation view of every image. Rendered images are not kept. **Shape** [N, D].
Tensor evaluation_features(const OpenedModel& opened, LabelledImages& images, const std::optional<FeatureCache>& cache,
                           const FeatureProgress& progress = {});

/// The images with the features of their evaluation view in place of the pixels, or beside them (`keep_pixels`).
LabelledImages with_features(const OpenedModel& opened, LabelledImages images, bool keep_pixels,
                             const std::optional<FeatureCache>& cache, const FeatureProgress& progress = {});

/// Features of `views` augmented views of every image, for `CachedViews` with the same seed. **Shape** [views * N, D].
Tensor view_features(const OpenedModel& opened, LabelledImages& images, std::int64_t views, std::uint64_t seed,
                     const std::optional<FeatureCache>& cache, const FeatureProgress& progress = {});

}  // namespace mao_program
