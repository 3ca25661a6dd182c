// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/few_shot_task.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/embedded/rendered_images.hpp>
#include <mao/models/image_sources.hpp>

namespace mao::embedded {

MAO_INLINE FewShotTask::FewShotTask(const Clip& clip, const std::string& name, std::uint64_t seed)
    : base_train_(encode(clip, name, Half::Base, Split::Train, seed)),
      new_train_(encode(clip, name, Half::New, Split::Train, seed)),
      base_test_(encode(clip, name, Half::Base, Split::Test, 0)),
      new_test_(encode(clip, name, Half::New, Split::Test, 0)),
      base_classes_{task(name).class_names(Half::Base)},
      new_classes_{task(name).class_names(Half::New)} {}

MAO_INLINE BaseToNewTask FewShotTask::task_view() & {
  return {{base_classes_, base_train_.source.get(), base_train_.labels, base_test_.source.get(), base_test_.labels},
          {new_classes_, new_train_.source.get(), new_train_.labels, new_test_.source.get(), new_test_.labels}};
}

MAO_INLINE FewShotTask::Images FewShotTask::encode(const Clip& clip, const std::string& name, Half half, Split split,
                                                   std::uint64_t seed) {
  auto rendered = rendered_images(task(name), half, split, clip.preprocess(), 0, seed);
  auto pixels = std::make_unique<TensorImages>(std::move(rendered.pixels));
  Tensor features = FeatureImages::encode(clip, *pixels).features();
  return {std::make_unique<FeaturedImages>(std::move(pixels), std::move(features), clip.fingerprint()),
          std::move(rendered.labels)};
}

}  // namespace mao::embedded
