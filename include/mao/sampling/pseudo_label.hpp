// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// MAO's new stage: shuffled unlabelled images, which a model labels after they are loaded.

#include <algorithm>
#include <cstdint>
#include <mao/core/class_list.hpp>
#include <mao/core/describe.hpp>
#include <mao/core/error.hpp>
#include <mao/labelers/concepts.hpp>
#include <mao/sampling/shuffled.hpp>
#include <string>
#include <utility>
#include <vector>

namespace mao {

/// Settings of `PseudoLabelSampler`.
struct PseudoLabelOptions {
  int batch = 32;
  double threshold = 0;   ///< images with less confidence have no effect on the loss (A4); 0: off
  bool drop_last = true;  ///< leave out an incomplete last batch unless it is the only one
  static constexpr const char* fields[] = {"batch", "threshold", "drop_last"};
};

/// Every image once per epoch, in random order; `LabelerT` labels the images after the tuner has loaded them.
///
/// Labels come from the views that are used for training, drawn at each call (A3). The tuner calls `label` before the
/// forward pass. **Paper** MAO, new stage.
template <class LabelerT>
class PseudoLabelSampler {
 public:
  using Options = PseudoLabelOptions;

  /// `count`: number of images in the `ImageSource` of the tuner; `classes`: the list that the labels refer to. If the
  /// labeller states its classes, they must be the same.
  ///
  /// **Throws** `OptionError` for a setting out of range, for no classes and for a labeller with other classes,
  /// `DataError` for no images.
  PseudoLabelSampler(std::int64_t count, ClassList classes, LabelerT labeler, Options options = {})
      : count_(count), classes_(std::move(classes)), labeler_(std::move(labeler)), options_(options) {
    require<OptionError>(classes_.size() > 0,
                         "PseudoLabelSampler: the class list is empty; expected the classes that "
                         "the labeller's labels are positions in");
    if constexpr (StatesClasses<LabelerT>) {
      if (labeler_.classes().size() > 0) {
        expect_same_classes(labeler_.classes(), classes_, "PseudoLabelSampler: the labeller is for",
                            "make the labeller for the classes that are trained on");
      }
    }
    require<DataError>(count_ >= 1, "PseudoLabelSampler: ", count_, " images, expected at least one");
    require<OptionError>(options_.batch >= 1, "PseudoLabelSampler: batch = ", options_.batch, ", expected at least 1");
    require<OptionError>(options_.threshold >= 0 && options_.threshold < 1,
                         "PseudoLabelSampler: threshold = ", options_.threshold,
                         ", expected 0 (every label counts) or a confidence below 1");
  }

  /// The same with the classes that the labeller states. **Throws** `OptionError` if it states none.
  template <class L = LabelerT>
  PseudoLabelSampler(std::int64_t count, L labeler, Options options = {})
      : PseudoLabelSampler{count, stated(labeler), std::move(labeler), options} {}  // braces: from left to right

  /// The batches of one epoch, without labels.
  [[nodiscard]] std::vector<Batch> epoch(Rng& rng) const {
    std::vector<Batch> batches;
    for (auto& images : detail::shuffled_groups(count_, options_.batch, options_.drop_last, rng)) {
      batches.push_back({.images = std::move(images), .labels = {}, .weights = {}});
    }
    return batches;
  }

  /// Fills in labels; soft targets if the labeller gives distributions; and weights if some images do not count,
  /// because their confidence is 0 or below the threshold.
  ///
  /// **Throws** `ShapeError` unless the labeller gives one label (with a threshold, also one confidence) per
  /// image.
  void label(Batch& batch, const ImageBatch& images) {
    if constexpr (explain::pseudo_labeler<LabelerT>()) {
      PseudoLabels found = labeler_.label(images);
      require<ShapeError>(found.labels.size() == batch.images.size(), "PseudoLabelSampler: the labeller gave ",
                          found.labels.size(), " labels for ", batch.images.size(), " images");
      require_rows(found.probabilities, batch.images.size());
      require_confidences(found.confidence, batch.images.size());
      batch.weights.clear();
      if (options_.threshold > 0 || std::ranges::count(found.confidence, 0.0F) > 0) {
        batch.weights = weights(found.confidence, batch.images.size());
      }
      batch.labels = std::move(found.labels);
      batch.targets = std::move(found.probabilities);
    }
  }

  [[nodiscard]] std::int64_t images() const { return count_; }
  [[nodiscard]] LabelerT& labeler() { return labeler_; }

  // Optional members of the labeller are passed on.
  [[nodiscard]] ClassList classes() const {
    if constexpr (StatesClasses<LabelerT>) {
      if (labeler_.classes().size() > 0) return labeler_.classes();
    }
    return classes_;
  }
  [[nodiscard]] decltype(auto) state() const requires KeepsState<LabelerT> { return labeler_.state(); }
  template <class StateT>
  void set_state(const StateT& state) requires KeepsState<LabelerT> {
    labeler_.set_state(state);
  }

  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings, those of the labeller included, to be compared with those of a saved training.
  [[nodiscard]] Description describe() const {
    return described("PseudoLabelSampler", options_).with("images", count_).with("labeler", description_of(labeler_));
  }

 private:
  template <class L>
  static ClassList stated(const L& labeler) {
    if constexpr (explain::stated_labels<L>()) {
      require<OptionError>(labeler.classes().size() > 0,
                           "PseudoLabelSampler: the labeller's `classes()` is empty, so "
                           "nobody knows what its labels mean; name the classes before it: PseudoLabelSampler(count, "
                           "classes, labeler)");
      return labeler.classes();
    } else {
      return {};
    }
  }

  /// Empty, or one number in [0, 1] per image.
  static void require_confidences(const std::vector<float>& confidence, std::size_t images) {
    require<ShapeError>(confidence.empty() || confidence.size() == images, "PseudoLabelSampler: the labeller gave ",
                        confidence.size(), " confidences for ", images, " images; expected one each, or none");
    for (const float sure : confidence) {
      require<NumericError>(sure >= 0 && sure <= 1, "PseudoLabelSampler: the labeller gave a confidence of ", sure,
                            "; expected 0 to 1");
    }
  }

  [[nodiscard]] std::vector<float> weights(const std::vector<float>& confidence, std::size_t images) const {
    require<ShapeError>(confidence.size() == images, "PseudoLabelSampler: threshold = ", options_.threshold,
                        " needs one confidence per image, the labeller gave ", confidence.size(), " for ", images,
                        " images; set threshold to 0 or let it report them");
    std::vector<float> result;
    for (const float sure : confidence) {
      const bool counts = sure > 0 && static_cast<double>(sure) >= options_.threshold;
      result.push_back(counts ? 1.0F : 0.0F);
    }
    return result;
  }

  static void require_rows(const std::vector<float>& probabilities, std::size_t images) {
    require<ShapeError>(probabilities.empty() || probabilities.size() % std::max<std::size_t>(1, images) == 0,
                        "PseudoLabelSampler: the labeller gave ", probabilities.size(), " probabilities for ", images,
                        " images, expected a row over all classes for each, or none at all");
  }

  std::int64_t count_;
  ClassList classes_;
  LabelerT labeler_;
  Options options_;
};

template <class LabelerT>
PseudoLabelSampler(std::int64_t, LabelerT, PseudoLabelOptions = {}) -> PseudoLabelSampler<LabelerT>;
template <class LabelerT>
PseudoLabelSampler(std::int64_t, ClassList, LabelerT, PseudoLabelOptions = {}) -> PseudoLabelSampler<LabelerT>;

}  // namespace mao
