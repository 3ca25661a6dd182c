// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// DPC's negatives: images of the classes that a model most likely confuses with the image.

#include <cstdint>
#include <mao/core/describe.hpp>
#include <mao/sampling/hard_negative.hpp>
#include <span>
#include <vector>

namespace mao {

/// Settings of `PredictionNegatives`; the defaults are the paper's.
struct PredictionNegativesOptions {
  int batch = 4;                         ///< images before the negatives are added
  int k = 8;                             ///< classes considered for each image, including its own
  int minimum = 2;                       ///< negatives per image if there are unused classes
  Fallback fallback = Fallback::Random;  ///< the replacement for a class that is already in the batch
  bool drop_last = true;                 ///< leave out an incomplete last batch unless it is the only one
  static constexpr const char* fields[] = {"batch", "k", "minimum", "fallback", "drop_last"};
};

/// Shuffled batches in which each image is followed by images of the classes that a model ranks first for it.
///
/// Like `HardNegativeSampler`, but with one ranking per image, from the logits of the tuned host over the base classes
/// (`predict_logits(host, classes, train)`, computed once, before `Dpc` takes over the host). An image's negatives are
/// its K best classes without its own and without those already in the batch, at most K - 1.
///
/// **Paper** DPC, dynamic hard negatives. **Differs** from the release: the ranking is for the evaluation view, not for
/// each step's random crop; random classes are drawn from all unused ones.
class PredictionNegatives {
 public:
  using Options = PredictionNegativesOptions;

  /// `labels[i]` is the label of image i, and row i of `logits` has the host's logits for it. The table is not stored.
  ///
  /// **Shapes** `logits` [N, C]. **Throws** `ShapeError` for another shape, `NumericError` for logits that are not
  /// finite, `OptionError` for a setting out of range, `DataError` for a label outside the list or a class without
  /// images.
  PredictionNegatives(std::vector<std::int64_t> labels, const ClassList& classes, const Eigen::MatrixXf& logits,
                      Options options = {});

  /// The batches of one epoch.
  [[nodiscard]] std::vector<Batch> epoch(Rng& rng) const;

  /// The most likely classes of an image, best first, including its own. **Throws** `DataError` for an image that does
  /// not exist.
  [[nodiscard]] std::span<const std::int64_t> ranking(std::int64_t image) const {
    require<DataError>(image >= 0 && image < images(), "PredictionNegatives: image ", image, " of ", images());
    return std::span(ranking_).subspan(static_cast<std::size_t>(image * depth_), static_cast<std::size_t>(depth_));
  }

  [[nodiscard]] std::int64_t images() const { return static_cast<std::int64_t>(labels_.size()); }
  [[nodiscard]] const Options& options() const { return options_; }
  /// Name and settings; training resumes only if they are the same.
  [[nodiscard]] Description describe() const {
    return described("PredictionNegatives", options_).with("images", images());
  }
  [[nodiscard]] const ClassList& classes() const { return classes_; }  ///< the ranked classes

 private:
  [[nodiscard]] HardNegativeOptions shared_options() const;

  [[nodiscard]] Batch expanded(const std::vector<std::int64_t>& anchors, Rng& rng) const;

  std::vector<std::int64_t> labels_;
  Options options_;
  ClassList classes_;
  std::int64_t depth_ = 0;
  std::vector<std::vector<std::int64_t>> images_of_;  // [C], positions of each class's images
  std::vector<std::int64_t> ranking_;                 // [N, depth]
};

static_assert(Sampler<PredictionNegatives>);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/sampling/impl/prediction_negatives.ipp>
#endif
