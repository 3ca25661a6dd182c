// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/sampling/prediction_negatives.hpp>

#include <utility>

#include <Eigen/Core>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE PredictionNegatives::PredictionNegatives(std::vector<std::int64_t> labels, const ClassList& classes,
                                                    const Eigen::MatrixXf& logits, Options options)
    : labels_(std::move(labels)), options_(options), classes_(classes) {
  detail::require_negatives("PredictionNegatives", shared_options(), labels_, classes_);
  images_of_ = detail::images_by_class("PredictionNegatives", labels_, classes);
  const auto count = static_cast<std::int64_t>(labels_.size());
  require<ShapeError>(logits.rows() == count && logits.cols() == classes_.size(),
                      "PredictionNegatives: the logits are [", logits.rows(), ", ", logits.cols(), "], expected [",
                      count, ", ", classes_.size(), "], one row per image and one column per class");
  require<NumericError>(logits.allFinite(), "PredictionNegatives: a logit is not finite");
  depth_ = options_.fallback == Fallback::NextRanked ? classes_.size() : options_.k;
  for (Eigen::Index image = 0; image < count; ++image) {
    const auto best = detail::best_columns(logits, image, depth_);
    ranking_.insert(ranking_.end(), best.begin(), best.end());
  }
}

MAO_INLINE std::vector<Batch> PredictionNegatives::epoch(Rng& rng) const {
  const auto count = static_cast<std::int64_t>(labels_.size());
  std::vector<Batch> batches;
  for (const auto& anchors : detail::shuffled_groups(count, options_.batch, options_.drop_last, rng)) {
    batches.push_back(expanded(anchors, rng));
  }
  return batches;
}

MAO_INLINE HardNegativeOptions PredictionNegatives::shared_options() const {
  return {.batch = options_.batch,
          .k = options_.k,
          .minimum = options_.minimum,
          .fallback = options_.fallback,
          .drop_last = options_.drop_last};
}

MAO_INLINE Batch PredictionNegatives::expanded(const std::vector<std::int64_t>& anchors, Rng& rng) const {
  const auto any_of = [&](const std::vector<std::int64_t>& items) {
    return items[static_cast<std::size_t>(rng.below(items.size()))];
  };
  const auto ranking_of = [&](std::size_t i) { return ranking(anchors[i]); };
  const auto negatives = detail::negative_classes(detail::labels_at(labels_, anchors), classes_.size(), ranking_of,
                                                  shared_options(), any_of);
  return detail::expanded_batch(labels_, anchors, negatives, images_of_, rng);
}

}  // namespace mao
