// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Principal components of a few hundred features, for pictures of them.

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cstdint>
#include <mao/core/error.hpp>

namespace mao {

/// The directions of most variance.
struct Pca {
  Eigen::RowVectorXd mean;     ///< [D]
  Eigen::MatrixXd components;  ///< [D, count] unit columns, the one of most variance first
  Eigen::VectorXd explained;   ///< [count] share of the whole variance, 0 to 1

  /// Where rows [N, D] lie along the components: [N, count].
  [[nodiscard]] Eigen::MatrixXd project(const Eigen::MatrixXd& rows) const {
    require<ShapeError>(rows.cols() == mean.cols(), "project: rows of ", rows.cols(), " values, expected ",
                        mean.cols());
    return (rows.rowwise() - mean) * components;
  }
};

namespace detail {

/// Eigenvectors have no sign of their own: each column gets the one that makes its entry of largest size positive.
inline void fix_signs(Eigen::MatrixXd& columns) {
  for (Eigen::Index c = 0; c < columns.cols(); ++c) {
    Eigen::Index largest = 0;
    columns.col(c).cwiseAbs().maxCoeff(&largest);
    if (columns(largest, c) < 0) columns.col(c) *= -1;
  }
}

}  // namespace detail

/// The first `count` principal components of rows [N, D]; the same rows give the same components, sign included.
///
/// Works on the smaller of the two Gram matrices, so that many dimensions and few rows cost little. Directions without
/// variance are zero columns. **Throws** `ShapeError` for no rows, `OptionError` for a count outside 1 to D.
inline Pca principal_components(const Eigen::MatrixXd& rows, Eigen::Index count) {
  require<ShapeError>(rows.rows() > 0, "principal_components: no rows, expected at least one");
  require<OptionError>(count > 0 && count <= rows.cols(), "principal_components: count = ", count,
                       ", expected 1 to the number of values of a row, ", rows.cols());
  Pca result{rows.colwise().mean(), Eigen::MatrixXd::Zero(rows.cols(), count), Eigen::VectorXd::Zero(count)};
  const Eigen::MatrixXd centred = rows.rowwise() - result.mean;
  const double whole = centred.squaredNorm();
  const bool wide = rows.cols() > rows.rows();
  const Eigen::MatrixXd gram =
      wide ? Eigen::MatrixXd(centred * centred.transpose()) : Eigen::MatrixXd(centred.transpose() * centred);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  require<NumericError>(solver.info() == Eigen::Success, "principal_components: no eigenvectors were found; ",
                        "the rows have to be finite");
  const Eigen::Index found = std::min(count, gram.rows());
  for (Eigen::Index i = 0; i < found; ++i) {
    const Eigen::Index from = gram.rows() - 1 - i;  // eigenvalues ascend
    const double variance = solver.eigenvalues()(from);
    if (!(variance > 1e-12 * whole)) break;
    const Eigen::VectorXd direction =
        wide ? Eigen::VectorXd(centred.transpose() * solver.eigenvectors().col(from)) : solver.eigenvectors().col(from);
    result.components.col(i) = direction.normalized();
    result.explained(i) = variance / whole;
  }
  detail::fix_signs(result.components);
  return result;
}

}  // namespace mao
