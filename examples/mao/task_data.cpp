// SPDX-License-Identifier: Apache-2.0
#include "task_data.hpp"

#include <mao/clip/cached_views.hpp>
#include <mao/data/base_new.hpp>
#include <mao/data/few_shot.hpp>

#include "../embedded/tasks.hpp"

namespace mao_program {

TaskData::TaskData(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels,
                   EncodeProgress progress, FeatureCache::Log log)
    : opened_(opened), settings_(settings), options_(options), progress_(std::move(progress)), pixels_(pixels) {
  const bool rendered = is_rendered(settings.data);
  augment_ = settings.augment == "crop-flip" || (settings.augment == "auto" && opened.augments && !rendered);
  require<OptionError>(!rendered || !augment_,
                       "--augment crop-flip: rendered tasks are not augmented; use --augment none");
  require<OptionError>(settings.views == 0 || augment_, "--views ", settings.views,
                       ": the training images are not augmented, so there is one view of each; leave it out or use "
                       "--augment crop-flip");
  if (!rendered) cache_ = open_feature_cache(options.feature_cache, std::move(log));
  if (rendered) {
    const auto most = world::task(settings.data).shots;
    require<OptionError>(settings.shots <= most, "--shots ", settings.shots, ": task ", settings.data, " has ", most,
                         " training images a class");
  } else {
    files_ = open_files(settings);
  }
  base_test_ = encoded(test_images(true), "base test images");
  new_test_ = encoded(test_images(false), "new test images");
}

BaseToNewTask TaskData::of_seed(std::uint64_t seed) {
  const std::uint64_t shot_seed = settings_.shot_seed > 0 ? static_cast<std::uint64_t>(settings_.shot_seed) : seed;
  if (drawn_ != shot_seed) {
    base_train_ = training_images(true, shot_seed);
    new_train_ = training_images(false, shot_seed);
    for (auto* half : {&base_train_, &new_train_}) {
      const std::string what = half == &base_train_ ? "base training images" : "new training images";
      if (!augment_) {
        *half = encoded(std::move(*half), what);
      } else if (settings_.views > 0) {
        *half = with_views(std::move(*half), what, shot_seed);
      }
    }
    drawn_ = shot_seed;
  }
  return {
      {base_test_.classes, base_train_.source.get(), base_train_.labels, base_test_.source.get(), base_test_.labels},
      {new_test_.classes, new_train_.source.get(), new_train_.labels, new_test_.source.get(), new_test_.labels}};
}

std::string TaskData::description() const {
  return text_of(settings_.data, ": ", base_test_.classes.size(), " base and ", new_test_.classes.size(),
                 " new classes, ", base_test_.labels.size(), " and ", new_test_.labels.size(), " test images; ",
                 settings_.views > 0 ? text_of(settings_.views, " random crops of each image, the same in every epoch")
                 : augment_          ? "random crops and flips"
                 : pixels_           ? "no augmentation, the image tower is prompted"
                                     : "no augmentation, image features are kept",
                 files_ ? "\n" + description_of(cache_) : "");
}

LabelledImages TaskData::training_images(bool base, std::uint64_t shot_seed) const {
  if (!files_) {
    return rendered_half(settings_.data, base, true, opened_.model->preprocess(), settings_.shots, shot_seed);
  }
  Dataset drawn = *files_;
  drawn.train = draw_few_shot(*files_, static_cast<std::size_t>(settings_.shots), shot_seed).train;
  const Dataset half = base ? base_half(drawn) : new_half(drawn);
  return file_images(half, half.train, loader_options(augment_ || pixels_),
                     base ? "base training images" : "new training images");
}

LabelledImages TaskData::test_images(bool base) const {
  if (!files_) return rendered_half(settings_.data, base, false, opened_.model->preprocess(), 0);
  const Dataset half = base ? base_half(*files_) : new_half(*files_);
  return file_images(half, half.test, loader_options(pixels_), base ? "base test images" : "new test images");
}

FeatureProgress TaskData::progress_of(const std::string& what, std::int64_t total) const {
  return [this, what, total](std::int64_t done) {
    if (progress_) progress_("encode " + what, done, total);
  };
}

LabelledImages TaskData::encoded(LabelledImages images, const std::string& what) const {
  const auto progress = progress_of(what, images.source->size());
  Tensor features = evaluation_features(opened_, images, cache_, progress);
  if (pixels_) {
    images.source = std::make_unique<FeaturedImages>(std::move(images.source), std::move(features));
  } else {
    images.source = std::make_unique<FeatureImages>(std::move(features));
  }
  return images;
}

LabelledImages TaskData::with_views(LabelledImages images, const std::string& what, std::uint64_t seed) const {
  const auto progress = progress_of("views of " + what, settings_.views * images.source->size());
  Tensor features = view_features(opened_, images, settings_.views, seed, cache_, progress);
  images.source = std::make_unique<CachedViews>(std::move(images.source), std::move(features), seed, pixels_);
  return images;
}

LoaderOptions TaskData::loader_options(bool cached) const {
  LoaderOptions loader;
  loader.preprocess = opened_.model->preprocess();
  loader.threads = options_.threads;
  loader.cache_bytes = cached ? static_cast<std::size_t>(options_.cache_mib) << 20U : 0;
  return loader;
}

}  // namespace mao_program
