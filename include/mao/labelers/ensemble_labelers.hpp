// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pseudo-labellers that combine the frozen and the tuned model. None of them is in the paper.

#include <utility>
#include <vector>

#include <ATen/ops/cat.h>

#include <mao/core/detail/image_calls.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/labelers/class_probabilities.hpp>

namespace mao {

/// The frozen and the tuned model on the same classes.
template <Backbone FrozenT, Backbone TunedT>
class TwoModels {
 public:
  /// Probabilities of both. **Shape** [B, C] each.
  struct Opinions {
    Tensor frozen, tuned;

    /// The mean, with that share of the tuned model, 0 to 1.
    [[nodiscard]] Tensor mixture(double tuned_share = 0.5) const {
      return frozen * (1 - tuned_share) + tuned * tuned_share;
    }
  };

  /// **Throws** `ShapeError` if the two are bound to different classes.
  TwoModels(FrozenT frozen, TunedT tuned) : frozen_(std::move(frozen)), tuned_(std::move(tuned)) {
    require<ShapeError>(frozen_.classes() == tuned_.classes(), "labels of two models: the frozen one is bound to ",
                        frozen_.classes().size(), " classes, the tuned one to ", tuned_.classes().size(),
                        " and the lists differ; bind both to the new classes");
  }

  Opinions operator()(const ImageBatch& images) { return {frozen_(images), tuned_(images)}; }
  [[nodiscard]] const ClassList& classes() const { return frozen_.classes(); }
  /// The description of a labeller with that name that uses both models.
  [[nodiscard]] Description describe(const char* labeler) const {
    return Description(labeler).with("frozen", frozen_.describe()).with("tuned", tuned_.describe());
  }

  /// Probabilities for the evaluation view of every image. **Shape** [N, C] each. **Throws** `DataError` if there are
  /// no images.
  Opinions of_pool(ImageSource& images, std::int64_t batch = 32) {
    const StepPlace place{.name = "labels from a pool"};
    const auto batches = evaluation_views(count_of(images, place), batch);
    require<DataError>(!batches.empty(),
                       "labels from a pool: no images, expected the unlabelled ones of the new stage");
    announce_to(images, batches, place);
    std::vector<Tensor> by_frozen, by_tuned;
    for (const auto& views : batches) {
      Opinions opinions = (*this)(load_from(images, views, place));
      by_frozen.push_back(std::move(opinions.frozen));
      by_tuned.push_back(std::move(opinions.tuned));
    }
    return {at::cat(by_frozen), at::cat(by_tuned)};
  }

 private:
  ClassProbabilities<FrozenT> frozen_;
  ClassProbabilities<TunedT> tuned_;
};

/// The winner of the mean of both models' probabilities, with that mean as confidence.
template <Backbone FrozenT, Backbone TunedT>
class AverageLabeler {
 public:
  AverageLabeler(FrozenT frozen, TunedT tuned) : models_(std::move(frozen), std::move(tuned)) {}

  PseudoLabels label(const ImageBatch& images) { return most_likely(models_(images).mixture()); }

  [[nodiscard]] const ClassList& classes() const { return models_.classes(); }
  [[nodiscard]] Description describe() const { return models_.describe("AverageLabeler"); }

 private:
  TwoModels<FrozenT, TunedT> models_;
};

/// The class that both models predict. Other images get the average's label with confidence 0, so they do not count in
/// the loss.
template <Backbone FrozenT, Backbone TunedT>
class AgreementLabeler {
 public:
  AgreementLabeler(FrozenT frozen, TunedT tuned) : models_(std::move(frozen), std::move(tuned)) {}

  PseudoLabels label(const ImageBatch& images) {
    const auto opinions = models_(images);
    const auto first = most_likely(opinions.frozen), second = most_likely(opinions.tuned);
    PseudoLabels result = most_likely(opinions.mixture());
    for (std::size_t i = 0; i < result.labels.size(); ++i) {
      if (first.labels[i] != second.labels[i]) result.confidence[i] = 0;
    }
    return result;
  }

  [[nodiscard]] const ClassList& classes() const { return models_.classes(); }
  [[nodiscard]] Description describe() const { return models_.describe("AgreementLabeler"); }

 private:
  TwoModels<FrozenT, TunedT> models_;
};

/// The mean of both models' probabilities as a soft label: an uncertain image has a weak effect in several
/// directions.
template <Backbone FrozenT, Backbone TunedT>
class SoftLabeler {
 public:
  SoftLabeler(FrozenT frozen, TunedT tuned) : models_(std::move(frozen), std::move(tuned)) {}

  PseudoLabels label(const ImageBatch& images) {
    const Tensor mean = models_(images).mixture().contiguous();
    PseudoLabels result = most_likely(mean);
    const auto* first = mean.const_data_ptr<float>();
    result.probabilities.assign(first, first + mean.numel());
    return result;
  }

  [[nodiscard]] const ClassList& classes() const { return models_.classes(); }
  [[nodiscard]] Description describe() const { return models_.describe("SoftLabeler"); }

 private:
  TwoModels<FrozenT, TunedT> models_;
};

}  // namespace mao
