// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/sampling/similarity.hpp>

#include <algorithm>
#include <numeric>
#include <string>

#include <Eigen/Core>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE std::vector<std::int64_t> best_columns(const Eigen::MatrixXf& matrix, Eigen::Index row, std::int64_t k) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(matrix.cols()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  const auto better = [&](std::int64_t a, std::int64_t b) {
    return matrix(row, a) != matrix(row, b) ? matrix(row, a) > matrix(row, b) : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + k, order.end(), better);
  order.resize(static_cast<std::size_t>(k));
  return order;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE NearestClasses::NearestClasses(const Eigen::MatrixXf& similarity, std::int64_t k)
    : k_(k), count_(similarity.rows()) {
  require<ShapeError>(similarity.rows() == similarity.cols(), "NearestClasses: similarity is [", similarity.rows(),
                      ", ", similarity.cols(), "], expected [C, C]");
  require<NumericError>(similarity.allFinite(), "NearestClasses: a similarity is not finite, so it has no rank");
  require<OptionError>(k >= 1 && k <= count_, "NearestClasses: k = ", k, " of ", count_, " classes, expected 1 to ",
                       count_);
  for (std::int64_t row = 0; row < count_; ++row) {
    const auto best = detail::best_columns(similarity, row, k);
    ids_.insert(ids_.end(), best.begin(), best.end());
  }
}

MAO_INLINE std::span<const std::int64_t> NearestClasses::of(std::int64_t label) const {
  require<DataError>(label >= 0 && label < count_, "NearestClasses: class ", label, " of ", count_);
  return std::span(ids_).subspan(static_cast<std::size_t>(label * k_), static_cast<std::size_t>(k_));
}

}  // namespace mao
