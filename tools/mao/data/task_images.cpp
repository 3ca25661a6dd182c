// SPDX-License-Identifier: Apache-2.0
#include "data/named_data.hpp"
#include "data/task_images.hpp"

namespace mao_program {

TaskImages::TaskImages(const OpenedModel& opened, const DataSettings& settings, const RunOptions& options, bool pixels)
    : opened_(opened), settings_(settings), options_(options), pixels_(pixels) {
  const bool rendered = is_rendered(settings.data);
  augment_ = settings.augment == "crop-flip" || (settings.augment == "auto" && opened.augments && !rendered);
  require<OptionError>(!rendered || !augment_,
                       "--augment crop-flip: rendered tasks are not augmented; use --augment none");
  require<OptionError>(settings.views == 0 || augment_, "--views ", settings.views,
                       ": the training images are not augmented, so there is one view of each; leave it out or use "
                       "--augment crop-flip");
  if (!rendered) files_ = open_files(settings);
}

std::uint64_t TaskImages::shot_seed_of(std::uint64_t seed) const {
  return settings_.shot_seed > 0 ? static_cast<std::uint64_t>(settings_.shot_seed) : seed;
}

LabelledImages TaskImages::training(Half half, std::uint64_t seed) const {
  const std::uint64_t shot_seed = shot_seed_of(seed);
  if (!files_) {
    return rendered_half(settings_.data, chosen(half), true, opened_.model->preprocess(), settings_.shots, shot_seed);
  }
  Dataset drawn = *files_;
  drawn.train = few_shot_of(settings_, *files_, shot_seed).train;
  const Dataset dataset = half_of(drawn, chosen(half), settings_.data);
  return file_images(dataset, dataset.train, loader_options(augment_ || pixels_), settings_.data,
                     text_of(name_of(half), " training images"));
}

LabelledImages TaskImages::test(Half half) const {
  if (!files_) return rendered_half(settings_.data, chosen(half), false, opened_.model->preprocess(), 0);
  const Dataset dataset = half_of(*files_, chosen(half), settings_.data);
  return file_images(dataset, dataset.test, loader_options(pixels_), settings_.data,
                     text_of(name_of(half), " test images"));
}

LoaderOptions TaskImages::loader_options(bool cached) const {
  LoaderOptions loader;
  loader.preprocess = opened_.model->preprocess();
  loader.threads = options_.threads;
  loader.cache_bytes = cached ? static_cast<std::size_t>(options_.cache_mib) << 20U : 0;
  return loader;
}

}  // namespace mao_program
