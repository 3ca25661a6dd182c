// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Other data sets that prompts are tested on: cross-data-set transfer and domain generalisation.

#include <string>
#include <utility>
#include <vector>

#include <mao/evaluation/base_to_new.hpp>

#include <nlohmann/json.hpp>

#include "data/image_features.hpp"

namespace mao_program {

/// The test images of other data sets, all classes of each; the class names of each are its own.
class Targets {
 public:
  /// Opens all of them. `settings` says how (root, class names); with `pixels`, for methods that prompt the image
  /// tower, these come with the features. **Throws** `FileError`, `DataError`, `OptionError`.
  Targets(const OpenedModel& opened, const std::vector<std::string>& names, const DataSettings& settings,
          const RunOptions& options, bool pixels, const EncodeProgress& progress, FeatureCache::Log log);

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const ClassList& classes(std::size_t i) const { return images_.at(i).classes; }

  /// The accuracy on each of them of what `backbone_for(name, classes)` makes.
  template <class MakeBackbone>
  nlohmann::json accuracies(const MakeBackbone& backbone_for) const {
    nlohmann::json result = nlohmann::json::object();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const LabelledImages& images = images_[i];
      const TaskHalf half{.classes = images.classes,
                          .train = nullptr,
                          .train_labels = {},
                          .test = images.source.get(),
                          .test_labels = images.labels};
      auto&& backbone = backbone_for(names_[i], images.classes);
      result[names_[i]] = test_on(backbone, half).accuracy;
    }
    return result;
  }

 private:
  std::vector<std::string> names_;
  std::vector<LabelledImages> images_;
};

}  // namespace mao_program
