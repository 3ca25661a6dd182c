// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Pseudo-labellers that read all unlabelled images once, before the new stage. None of them is in the paper.

#include <utility>

#include <mao/labelers/ensemble_labelers.hpp>
#include <mao/labelers/label_statistics.hpp>

namespace mao {

/// The average of both models, scaled so that every class gets the same share of the unlabelled images.
///
/// A class that is predicted too often loses images to its neighbours. This assumes that the pool has about equally
/// many images of each class, as few-shot draws have. Factors are fixed at construction, see `balancing_factors`.
template <Backbone FrozenT, Backbone TunedT>
class BalancedLabeler {
 public:
  /// `unlabelled`: the images of the new stage. **Throws** `DataError` if there are none.
  BalancedLabeler(FrozenT frozen, TunedT tuned, ImageSource& unlabelled)
      : models_(std::move(frozen), std::move(tuned)),
        factors_(balancing_factors(models_.of_pool(unlabelled).mixture())) {}

  PseudoLabels label(const ImageBatch& images) { return most_likely(rebalanced(models_(images).mixture(), factors_)); }

  [[nodiscard]] const ClassList& classes() const { return models_.classes(); }
  [[nodiscard]] Description describe() const { return models_.describe("BalancedLabeler"); }

 private:
  TwoModels<FrozenT, TunedT> models_;
  Tensor factors_;  // [C]
};

/// Settings of `SelectingLabeler`.
struct SelectingOptions {
  bool balance = true;  ///< scale the classes as `BalancedLabeler` does
};

/// Labels with the model whose predictions for the unlabelled images have more information about the class.
///
/// At construction, both models predict every unlabelled image once. The one with the greater mutual information
/// between image and class (`LabelStatistics`) is used; the frozen one if they are equal.
template <Backbone FrozenT, Backbone TunedT>
class SelectingLabeler {
 public:
  using Options = SelectingOptions;

  /// `unlabelled`: the images of the new stage. **Throws** `DataError` if there are none.
  SelectingLabeler(FrozenT frozen, TunedT tuned, ImageSource& unlabelled, Options options = {})
      : models_(std::move(frozen), std::move(tuned)) {
    const auto pool = models_.of_pool(unlabelled);
    frozen_ = label_statistics(pool.frozen);
    tuned_ = label_statistics(pool.tuned);
    chose_tuned_ = tuned_.mutual_information > frozen_.mutual_information;
    if (options.balance) factors_ = balancing_factors(chose_tuned_ ? pool.tuned : pool.frozen);
  }

  PseudoLabels label(const ImageBatch& images) {
    const auto opinions = models_(images);
    const Tensor& chosen = chose_tuned_ ? opinions.tuned : opinions.frozen;
    return most_likely(factors_.defined() ? rebalanced(chosen, factors_) : chosen);
  }

  [[nodiscard]] bool chose_tuned() const { return chose_tuned_; }
  [[nodiscard]] const LabelStatistics& frozen_statistics() const { return frozen_; }
  [[nodiscard]] const LabelStatistics& tuned_statistics() const { return tuned_; }

  [[nodiscard]] const ClassList& classes() const { return models_.classes(); }
  [[nodiscard]] Description describe() const {
    return models_.describe("SelectingLabeler").with("balance", factors_.defined());
  }

 private:
  TwoModels<FrozenT, TunedT> models_;
  LabelStatistics frozen_, tuned_;
  bool chose_tuned_ = false;
  Tensor factors_;  // [C]; undefined: labels are not balanced
};

}  // namespace mao
