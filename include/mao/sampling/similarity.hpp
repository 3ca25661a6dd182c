// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The nearest classes of each class: the table for hard negatives.

#include <cstdint>
#include <functional>
#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/sampling/concepts.hpp>
#include <span>
#include <vector>

namespace mao {

/// How class names are spelled for the comparison.
enum class NameForm {
  Spaces,    ///< underscores become spaces on both sides (ambiguity A9)
  Raw,       ///< as in the data set
  Reference  ///< as in the released MAO code: queries with spaces, candidates as in the data set
};

namespace detail {

using Names = std::vector<std::string>;

Eigen::MatrixXf class_similarity(const ClassList& classes,
                                 const std::function<Eigen::MatrixXf(const Names&, const Names&)>& similarity,
                                 NameForm form);

}  // namespace detail

/// The cosines of all pairs of classes in the list.
///
/// **Shapes** [C, C], row: query, column: candidate. **Throws** `ShapeError` for any other shape, `NumericError` for
/// cosines that are not finite.
template <class SimilarityT>
Eigen::MatrixXf class_similarity(const ClassList& classes, const SimilarityT& similarity,
                                 NameForm form = NameForm::Spaces) {
  if constexpr (explain::text_similarity<SimilarityT>()) {
    return detail::class_similarity(classes, std::cref(similarity), form);
  } else {
    return {};
  }
}

namespace detail {

/// The k columns with the greatest entries of a row, best first; equal ones in order of position.
std::vector<std::int64_t> best_columns(const Eigen::MatrixXf& matrix, Eigen::Index row, std::int64_t k);

}  // namespace detail

/// The k classes most similar to each class, best first; a class is usually its own nearest.
class NearestClasses {
 public:
  /// From cosines [C, C]; equal ones in order of position.
  ///
  /// **Throws** `ShapeError` unless the matrix is square, `NumericError` unless it is finite, `OptionError` unless
  /// 1 <= k <= C.
  NearestClasses(const Eigen::MatrixXf& similarity, std::int64_t k);

  /// The nearest classes of one class, best first.
  [[nodiscard]] std::span<const std::int64_t> of(std::int64_t label) const;

  [[nodiscard]] std::int64_t k() const { return k_; }
  [[nodiscard]] std::int64_t classes() const { return count_; }

 private:
  std::int64_t k_;
  std::int64_t count_;
  std::vector<std::int64_t> ids_;  // [C, k]
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/sampling/impl/similarity.ipp>
#endif
