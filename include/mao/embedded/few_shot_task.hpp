// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A task of rendered pictures for tuning.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mao/embedded/clip.hpp>
#include <mao/embedded/rendered_images.hpp>
#include <mao/embedded/tasks.hpp>
#include <mao/evaluation/base_to_new.hpp>
#include <mao/models/concepts.hpp>
#include <mao/models/image_sources.hpp>

namespace mao::embedded {

/// Few shots and all test images of both halves, as pixels with the features of the frozen image tower.
class FewShotTask {
 public:
  /// Renders task `name` ("sketch", "shifted", "disjoint"); the training images depend on `seed`.
  template <VisionLanguageModel ModelT>
  FewShotTask(const ModelT& model, const std::string& name, std::uint64_t seed)
      : base_train_(encode(model, name, Half::Base, Split::Train, seed)),
        new_train_(encode(model, name, Half::New, Split::Train, seed)),
        base_test_(encode(model, name, Half::Base, Split::Test, 0)),
        new_test_(encode(model, name, Half::New, Split::Test, 0)),
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
  static Images encode(const ModelT& model, const std::string& name, Half half, Split split, std::uint64_t seed) {
    auto rendered = rendered_images(task(name), half, split, model.preprocess(), 0, seed);
    auto pixels = std::make_unique<TensorImages>(std::move(rendered.pixels));
    Tensor features = FeatureImages::encode(model, *pixels).features();
    return {std::make_unique<FeaturedImages>(std::move(pixels), std::move(features), model.fingerprint()),
            std::move(rendered.labels)};
  }

  Images base_train_, new_train_, base_test_, new_test_;
  ClassList base_classes_, new_classes_;
};

}  // namespace mao::embedded
