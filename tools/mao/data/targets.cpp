// SPDX-License-Identifier: Apache-2.0
#include "data/targets.hpp"

namespace mao_program {

Targets::Targets(const OpenedModel& opened, const std::vector<std::string>& names, const DataSettings& settings,
                 const RunOptions& options, bool pixels, const EncodeProgress& progress, FeatureCache::Log log)
    : names_(names) {
  if (names.empty()) return;
  const auto cache = open_feature_cache(options.feature_cache, std::move(log));
  for (const std::string& name : names) {
    DataSettings target = settings;
    target.data = name;
    LabelledImages images = open_images(opened, target, ImagesWanted(), options.threads);
    const std::int64_t total = images.source->size();
    images_.push_back(with_features(opened, std::move(images), pixels, cache, [&](std::int64_t done) {
      if (progress) progress("encode " + name, done, total);
    }));
  }
}

}  // namespace mao_program
