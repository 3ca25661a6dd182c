// SPDX-License-Identifier: Apache-2.0
#include "task_data.hpp"

#include <mao/data/base_new.hpp>
#include <mao/data/few_shot.hpp>

#include "../embedded/tasks.hpp"

namespace mao_program {

TaskData::TaskData(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels,
                   EncodeProgress progress)
    : opened_(opened), settings_(settings), options_(options), progress_(std::move(progress)), pixels_(pixels) {
  const bool rendered = is_rendered(settings.data);
  augment_ = settings.augment == "crop-flip" || (settings.augment == "auto" && opened.augments && !rendered);
  require<OptionError>(!rendered || !augment_,
                       "--augment crop-flip: rendered tasks are not augmented; use --augment none");
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
    if (!augment_) {
      base_train_ = encoded(std::move(base_train_), "base training images");
      new_train_ = encoded(std::move(new_train_), "new training images");
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
                 augment_  ? "random crops and flips"
                 : pixels_ ? "no augmentation, the image tower is prompted"
                           : "no augmentation, image features are kept");
}

LabelledImages TaskData::training_images(bool base, std::uint64_t shot_seed) const {
  if (!files_) {
    return rendered_half(settings_.data, base, true, opened_.model->preprocess(), settings_.shots, shot_seed);
  }
  Dataset drawn = *files_;
  drawn.train = draw_few_shot(*files_, static_cast<std::size_t>(settings_.shots), shot_seed).train;
  const Dataset half = base ? base_half(drawn) : new_half(drawn);
  return file_images(half, half.train, loader_options(augment_ || pixels_), base ? "base training images" : "new training images");
}

LabelledImages TaskData::test_images(bool base) const {
  if (!files_) return rendered_half(settings_.data, base, false, opened_.model->preprocess(), 0);
  const Dataset half = base ? base_half(*files_) : new_half(*files_);
  return file_images(half, half.test, loader_options(pixels_), base ? "base test images" : "new test images");
}

LabelledImages TaskData::encoded(LabelledImages images, const std::string& what) const {
  const std::int64_t total = images.source->size();
  const auto progress = [&](std::int64_t done) {
    if (progress_) progress_("encode " + what, done, total);
  };
  auto features = FeatureImages::encode(*opened_.model, *images.source, 32, progress);
  if (pixels_) {
    images.source = std::make_unique<FeaturedImages>(std::move(images.source), features.features());
  } else {
    images.source = std::make_unique<FeatureImages>(std::move(features));
  }
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
