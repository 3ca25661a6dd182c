// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A task of rendered pictures for tuning.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/embedded/clip.hpp>
#include <mao/embedded/rendered_images.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/models/concepts.hpp>
#include <mao/models/image_sources.hpp>

namespace mao::embedded {

/// Images of each class, in each half. Fewer are the first of more.
struct FewShotSize {
  std::int64_t shots = 16;
  std::int64_t test_images = 40;
};

/// Few shots and test images of both halves, as pixels with the features of the frozen image tower.
class FewShotTask {
 public:
  /// Renders task `name` ("sketch", "shifted", "disjoint"); the training images depend on `seed`. **Throws**
  /// `OptionError` for another name, and for less than one image of a class.
  template <VisionLanguageModel ModelT>
  FewShotTask(const ModelT& model, const std::string& name, std::uint64_t seed, FewShotSize size = {})
      : base_train_(encode(model, name, Half::Base, Split::Train, size.shots, seed)),
        new_train_(encode(model, name, Half::New, Split::Train, size.shots, seed)),
        base_test_(encode(model, name, Half::Base, Split::Test, size.test_images, 0)),
        new_test_(encode(model, name, Half::New, Split::Test, size.test_images, 0)),
        base_classes_{task(name).class_names(Half::Base)},
        new_classes_{task(name).class_names(Half::New)} {}

  /// Refers to this object, so a temporary has none.
  BaseToNewTask task_view() & {
    return {{base_classes_, base_train_.source.get(), base_train_.labels, base_test_.source.get(), base_test_.labels},
            {new_classes_, new_train_.source.get(), new_train_.labels, new_test_.source.get(), new_test_.labels}};
  }

 private:
  struct Images {
    std::unique_ptr<ImageSource> source;
    std::vector<std::int64_t> labels;
  };

  template <class ModelT>
  static Images encode(const ModelT& model, const std::string& name, Half half, Split split, std::int64_t per_class,
                       std::uint64_t seed) {
    require<OptionError>(per_class >= 1, "a few-shot task needs at least one image of each class, not ", per_class);
    auto rendered = rendered_images(task(name), half, split, model.preprocess(), per_class, seed);
    auto pixels = std::make_unique<TensorImages>(std::move(rendered.pixels));
    Tensor features = FeatureImages::encode(model, *pixels).features();
    return {std::make_unique<FeaturedImages>(std::move(pixels), std::move(features), model.fingerprint()),
            std::move(rendered.labels)};
  }

  Images base_train_, new_train_, base_test_, new_test_;
  ClassList base_classes_, new_classes_;
};

}  // namespace mao::embedded
