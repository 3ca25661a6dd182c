// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/evaluation/all_classes.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/evaluation/metrics.hpp>

namespace mao::detail {

MAO_INLINE void expect_halves(const Eigen::MatrixXf& logits, const std::vector<std::int64_t>& labels,
                              std::int64_t base_classes) {
  require<ShapeError>(logits.rows() == static_cast<Eigen::Index>(labels.size()), "best_of_halves: logits of ",
                      logits.rows(), " images and ", labels.size(), " labels, expected one each");
  require<OptionError>(base_classes > 0 && base_classes < logits.cols(), "best_of_halves: ", base_classes,
                       " base classes of ", logits.cols(), ", expected some, followed by some new ones");
  std::array<std::size_t, 2> images{};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    require<DataError>(labels[i] >= 0 && labels[i] < logits.cols(), "best_of_halves: label ", labels[i], " of image ",
                       i, ", expected 0 to ", logits.cols() - 1);
    ++images[labels[i] < base_classes ? 0 : 1];
  }
  require<DataError>(images[0] > 0 && images[1] > 0, "best_of_halves: ", images[0], " test images of base classes and ",
                     images[1], " of new ones, expected some of each");
}

/// The largest logit of each row among the columns [first, end), and its column.
struct LargestLogits {
  Eigen::ArrayXf value;
  std::vector<std::int64_t> column;
};

/// Column by column, as the matrix is in memory; of equals the first. NaN is never the largest.
MAO_INLINE LargestLogits largest_of(const Eigen::MatrixXf& logits, Eigen::Index first, Eigen::Index end) {
  LargestLogits found{logits.col(first).array(),
                      std::vector<std::int64_t>(static_cast<std::size_t>(logits.rows()), first)};
  for (Eigen::Index column = first + 1; column < end; ++column) {
    const float* const next = logits.col(column).data();
    for (Eigen::Index row = 0; row < logits.rows(); ++row) {
      if (!(next[row] > found.value[row])) continue;
      found.value[row] = next[row];
      found.column[static_cast<std::size_t>(row)] = column;
    }
  }
  return found;
}

/// Sum of exp(logit - largest) of each row among the columns [first, end).
MAO_INLINE Eigen::ArrayXd mass_of(const Eigen::MatrixXf& logits, const Eigen::ArrayXf& largest, Eigen::Index first,
                                  Eigen::Index end) {
  Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(logits.rows());
  for (Eigen::Index column = first; column < end; ++column) {
    sum += (logits.col(column).array() - largest).exp().cast<double>();
  }
  return sum;
}

/// What each image adds to the accuracy of its half, in percent: images count alike, or classes do.
MAO_INLINE std::vector<double> accuracy_weights(const BestOfHalves& best, bool by_class) {
  const std::size_t images = best.labels.size();
  std::vector<double> of_class(static_cast<std::size_t>(best.classes), 0.0);
  std::array<double, 2> of_half{}, classes_of_half{};
  for (const std::int64_t label : best.labels) {
    double& count = of_class[static_cast<std::size_t>(label)];
    const std::size_t half = label < best.base_classes ? 0 : 1;
    if (count == 0) ++classes_of_half[half];
    ++count, ++of_half[half];
  }
  std::vector<double> weights(images);
  for (std::size_t i = 0; i < images; ++i) {
    const std::size_t half = best.of_base(i) ? 0 : 1;
    weights[i] =
        100 / (by_class ? of_class[static_cast<std::size_t>(best.labels[i])] * classes_of_half[half] : of_half[half]);
  }
  return weights;
}

/// Area under a curve whose new accuracy rises, by trapezia: equal margins count half.
MAO_INLINE double area_under(const std::vector<BiasPoint>& curve) {
  double area = 0;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    area += 0.5 * (curve[i].base + curve[i - 1].base) * (curve[i].fresh - curve[i - 1].fresh);
  }
  return area / 100;
}

MAO_INLINE std::vector<std::size_t> by_rising(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
  return order;
}

MAO_INLINE void expect_scored(const ScoredHalf& half, const char* name) {
  require<ShapeError>(half.scores.size() == half.right.size(), "openworld_auc: ", half.scores.size(), " scores and ",
                      half.right.size(), " answers of the ", name, " half, expected one each");
  require<DataError>(!half.scores.empty(), "openworld_auc: no images of the ", name, " half, expected some");
  require<DataError>(std::ranges::none_of(half.scores, [](double score) { return std::isnan(score); }),
                     "openworld_auc: a score of the ", name, " half is NaN, expected numbers");
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE double BiasPoint::h() const { return harmonic_mean(base, fresh); }

MAO_INLINE BestOfHalves best_of_halves(const Eigen::MatrixXf& logits, std::vector<std::int64_t> labels,
                                       std::int64_t base_classes) {
  detail::expect_halves(logits, labels, base_classes);
  require<NumericError>(logits.allFinite(), "best_of_halves: a logit is not finite, expected finite numbers");
  const Eigen::Index classes = logits.cols();
  detail::LargestLogits base = detail::largest_of(logits, 0, base_classes),
                        fresh = detail::largest_of(logits, base_classes, classes);
  const Eigen::ArrayXf largest = base.value.max(fresh.value);
  const Eigen::ArrayXd base_mass = detail::mass_of(logits, largest, 0, base_classes),
                       mass = base_mass / (base_mass + detail::mass_of(logits, largest, base_classes, classes)),
                       margin = base.value.cast<double>() - fresh.value.cast<double>();
  return {base_classes,
          classes,
          std::move(labels),
          std::move(base.column),
          std::move(fresh.column),
          {margin.begin(), margin.end()},
          {mass.begin(), mass.end()}};
}

MAO_INLINE std::vector<BiasPoint> bias_curve(const BestOfHalves& best, bool by_class) {
  const std::vector<double> weights = detail::accuracy_weights(best, by_class);
  const std::vector<std::size_t> order = detail::by_rising(best.margin);
  BiasPoint now{.bias = best.margin[order.front()]};
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (best.of_base(i) && best.right_in_half(i)) now.base += weights[i];
  }
  std::vector<BiasPoint> curve{now};
  for (std::size_t at = 0; at < order.size();) {
    const double margin = best.margin[order[at]];
    for (; at < order.size() && best.margin[order[at]] == margin; ++at) {
      const std::size_t image = order[at];
      if (!best.right_in_half(image)) continue;
      best.of_base(image) ? now.base -= weights[image] : now.fresh += weights[image];
    }
    now.base = std::max(now.base, 0.0);  // what is left of rounding
    now.bias = at < order.size() ? best.margin[order[at]] : std::numeric_limits<double>::infinity();
    curve.push_back(now);
  }
  curve.back().base = 0;
  return curve;
}

MAO_INLINE double ausuc(const BestOfHalves& best) { return detail::area_under(bias_curve(best, true)); }

MAO_INLINE double openworld_auc(const ScoredHalf& base, const ScoredHalf& fresh) {
  detail::expect_scored(base, "base"), detail::expect_scored(fresh, "new");
  std::vector<double> below;  // scores of the new images that are right
  for (std::size_t i = 0; i < fresh.scores.size(); ++i) {
    if (fresh.right[i]) below.push_back(fresh.scores[i]);
  }
  std::ranges::sort(below);
  double pairs = 0;
  for (std::size_t i = 0; i < base.scores.size(); ++i) {
    if (!base.right[i]) continue;
    const auto [first, last] = std::equal_range(below.begin(), below.end(), base.scores[i]);
    pairs += static_cast<double>(first - below.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return 100 * pairs / (static_cast<double>(base.scores.size()) * static_cast<double>(fresh.scores.size()));
}

MAO_INLINE double openworld_auc(const BestOfHalves& best) {
  ScoredHalf base, fresh;
  for (std::size_t i = 0; i < best.labels.size(); ++i) {
    ScoredHalf& half = best.of_base(i) ? base : fresh;
    half.scores.push_back(best.margin[i]);
    half.right.push_back(best.right_in_half(i));
  }
  return openworld_auc(base, fresh);
}

MAO_INLINE HalfCalibration half_calibration(const BestOfHalves& best) {
  constexpr std::size_t bins = 10;
  std::array<double, bins> gaps{};  // sum of probability less truth
  HalfCalibration sums;
  const auto images = static_cast<double>(best.labels.size());
  for (std::size_t i = 0; i < best.labels.size(); ++i) {
    const double mass = best.base_mass[i], truth = best.of_base(i) ? 1 : 0;
    gaps[std::min(bins - 1, static_cast<std::size_t>(mass * bins))] += mass - truth;
    sums.expected += 100 * mass / images;
    sums.actual += 100 * truth / images;
    sums.predicted += best.winner(i) < best.base_classes ? 100 / images : 0;
  }
  for (const double gap : gaps) sums.error += 100 * std::abs(gap) / images;
  return sums;
}

MAO_INLINE AllClassMetrics measure_all_classes(const BestOfHalves& best) {
  const std::vector<double> weights = detail::accuracy_weights(best, false);
  AllClassMetrics found;
  for (std::size_t i = 0; i < best.labels.size(); ++i) {
    const bool right = best.winner(i) == best.labels[i];
    if (right) (best.of_base(i) ? found.base : found.fresh) += weights[i];
    if (best.right_in_half(i)) (best.of_base(i) ? found.own_base : found.own_fresh) += weights[i];
    found.accuracy += right ? 1 : 0;
  }
  found.accuracy *= 100 / static_cast<double>(best.labels.size());
  found.h = harmonic_mean(found.base, found.fresh);
  for (const BiasPoint& point : bias_curve(best)) found.best_h = std::max(found.best_h, point.h());
  found.openworld_auc = openworld_auc(best);
  found.ausuc = ausuc(best);
  found.halves = half_calibration(best);
  return found;
}

}  // namespace mao
