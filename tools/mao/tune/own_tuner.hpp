// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How a method is trained by itself: all alike, except for one that brings its own negatives and loss (DPC).

#include <functional>
#include <memory>
#include <utility>

#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/prediction_negatives.hpp>
#include <mao/tuner/recipes.hpp>

#include "methods/method.hpp"

namespace mao_program {

/// A tuner chosen at run time.
struct AnyTuner {
  std::function<FitResult(ImageSource&, const Observer&)> fit;
  std::function<TunerState()> state;
  std::function<void(const TunerState&)> resume;
  TunerOptions settings;

  [[nodiscard]] const TunerOptions& options() const { return settings; }
};

template <class TunerT>
AnyTuner any_tuner(TunerT tuner) {
  const auto shared = std::make_shared<TunerT>(std::move(tuner));
  return {[shared](ImageSource& images, const Observer& observer) { return shared->fit(images, observer); },
          [shared] { return shared->state(); }, [shared](const TunerState& state) { shared->resume(state); },
          shared->options()};
}

/// DPC's: each image with the classes that the tuned host takes it for, contrasted in both directions.
inline AnyTuner contrastive_tuner(AnyBackbone& backbone, const TaskHalf& base, const PlainOptions& options) {
  const Tensor logits = predict_logits(backbone, base.classes, *base.train).contiguous();
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::MatrixXf table = Eigen::Map<const Rows>(logits.const_data_ptr<float>(), logits.size(0), logits.size(1));
  const BatchShape shape = automatic_batch(base.classes.size());
  return any_tuner(PromptTuner(
      backbone, PredictionNegatives(base.train_labels, base.classes, table, {.batch = shape.batch, .k = shape.k}),
      SymmetricContrast{}, CosineSchedule(options.schedule), options.tuner));
}

/// The tuner of a method by itself.
inline AnyTuner tuner_of(const MethodInfo& info, AnyBackbone& backbone, const TaskHalf& base,
                         const PlainOptions& options) {
  if (info.traits.brings_negatives) return contrastive_tuner(backbone, base, options);
  return any_tuner(plain(backbone, base.classes, base.train_labels, options));
}

}  // namespace mao_program
