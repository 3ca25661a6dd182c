// SPDX-License-Identifier: Apache-2.0
#include "data/task_data.hpp"

#include <mao/models/cached_views.hpp>

namespace mao_program {

TaskData::TaskData(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels,
                   EncodeProgress progress, FeatureCache::Log log)
    : opened_(opened),
      settings_(settings),
      progress_(std::move(progress)),
      pixels_(pixels),
      images_(opened, settings, options, pixels) {
  if (images_.files()) cache_ = open_feature_cache(options.feature_cache, std::move(log));
  base_test_ = encoded(images_.test(Half::Base), "base test images");
  if (images_.has_new_half()) new_test_ = encoded(images_.test(Half::New), "new test images");
}

BaseToNewTask TaskData::of_seed(std::uint64_t seed) {
  const std::uint64_t shot_seed = images_.shot_seed_of(seed);
  if (drawn_ != shot_seed) {
    for (const Half half : {Half::Base, Half::New}) {
      if (half == Half::New && !images_.has_new_half()) continue;
      LabelledImages& images = half == Half::Base ? base_train_ : new_train_;
      images = images_.training(half, seed);
      const std::string what = text_of(name_of(half), " training images");
      if (!images_.augments()) {
        images = encoded(std::move(images), what);
      } else if (settings_.views > 0) {
        images = with_views(std::move(images), what, shot_seed);
      }
    }
    drawn_ = shot_seed;
  }
  return {
      {base_test_.classes, base_train_.source.get(), base_train_.labels, base_test_.source.get(), base_test_.labels},
      {new_test_.classes, new_train_.source.get(), new_train_.labels, new_test_.source.get(), new_test_.labels}};
}

std::string TaskData::description() const {
  const std::string classes =
      images_.has_new_half()
          ? text_of(base_test_.classes.size(), " base and ", new_test_.classes.size(),
                    new_test_.classes.size() == 1 ? " new class, " : " new classes, ", base_test_.labels.size(),
                    " and ", new_test_.labels.size(), " test images; ")
          : text_of(base_test_.classes.size(), base_test_.classes.size() == 1 ? " class, " : " classes, ",
                    base_test_.labels.size(), " test images; ");
  const std::string views = settings_.views > 0
                                ? text_of(settings_.views, " random crops of each image, the same in every epoch")
                            : images_.augments() ? "random crops and flips"
                            : pixels_            ? "no augmentation, the image tower is prompted"
                                                 : "no augmentation, image features are cached";
  return text_of(settings_.data, ": ", classes, views, images_.files() ? "\n" + description_of(cache_) : "");
}

FeatureProgress TaskData::progress_of(const std::string& what, std::int64_t total) const {
  return [this, what, total](std::int64_t done) {
    if (progress_) progress_("encode " + what, done, total);
  };
}

LabelledImages TaskData::encoded(LabelledImages images, const std::string& what) const {
  const auto progress = progress_of(what, images.source->size());
  return with_features(opened_, std::move(images), pixels_, cache_, progress);
}

LabelledImages TaskData::with_views(LabelledImages images, const std::string& what, std::uint64_t seed) const {
  const auto progress = progress_of("views of " + what, settings_.views * images.source->size());
  Tensor features = view_features(opened_, images, settings_.views, seed, cache_, progress);
  images.source = std::make_unique<CachedViews>(std::move(images.source), std::move(features), seed, pixels_,
                                                opened_.model->fingerprint());
  return images;
}

}  // namespace mao_program
