// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Which classes are nearest to which: the table that hard negatives are looked up in.

#include <cstdint>
#include <mao/core/class_list.hpp>
#include <mao/core/error.hpp>
#include <mao/sampling/concepts.hpp>
#include <range/v3/range/conversion.hpp>
#include <range/v3/view/transform.hpp>
#include <span>
#include <vector>

namespace mao {

/// How class names are spelt when they are compared.
enum class NameForm {
  Spaces,    ///< underscores become spaces on both sides (ambiguity A9)
  Raw,       ///< as the data set spells them
  Reference  ///< the released MAO code: queries with spaces, candidates as the data set spells them
};

/// The cosine of each class of the list with each.
///
/// **Shapes** [C, C], row: query, column: candidate. **Throws** `ShapeError` for any other shape, `NumericError` for
/// cosines that are not finite.
template <class SimilarityT>
Eigen::MatrixXf class_similarity(const ClassList& classes, const SimilarityT& similarity,
                                 NameForm form = NameForm::Spaces) {
  if constexpr (explain::text_similarity<SimilarityT>()) {
    const auto spaced = classes.names | ranges::views::transform(readable) | ranges::to<std::vector>();
    const auto& queries = form == NameForm::Raw ? classes.names : spaced;
    const auto& candidates = form == NameForm::Spaces ? spaced : classes.names;
    Eigen::MatrixXf cosines = similarity(queries, candidates);
    require<ShapeError>(cosines.rows() == classes.size() && cosines.cols() == classes.size(),
                        "class_similarity: the similarity gave [", cosines.rows(), ", ", cosines.cols(),
                        "], expected [", classes.size(), ", ", classes.size(), "], queries by candidates");
    require<NumericError>(cosines.allFinite(), "class_similarity: a cosine is not finite; check the text encoder");
    return cosines;
  } else {
    return {};
  }
}

namespace detail {

/// The k columns with the greatest entries of a row, best first; equal ones rank by position.
std::vector<std::int64_t> best_columns(const Eigen::MatrixXf& matrix, Eigen::Index row, std::int64_t k);

}  // namespace detail

/// The k classes most similar to each class, best first; a class is usually its own nearest.
class NearestClasses {
 public:
  /// From cosines [C, C]; equal ones rank by position.
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
