// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How far features are from those of a frozen teacher.

#include <mao/core/tensor.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao {

/// What a distance to a teacher looks at.
enum class TeacherDistance {
  FeatureCosine,    ///< each feature and the teacher's of the same class or image
  RelationalAngle,  ///< the angle between each two features and that between the teacher's
};

/// `1 - mean_i cos(x_i, t_i)`. **Shapes** both [N, D], unit rows.
inline Tensor feature_cosine(const Tensor& x, const Tensor& teacher) { return 1.0 - (x * teacher).sum(-1).mean(); }

/// `mean_{i != j} (cos(x_i, x_j) - cos(t_i, t_j))^2`, 0 for a single row. **Shapes** both [N, D], unit rows.
Tensor relational_angle(const Tensor& x, const Tensor& teacher);

inline Tensor teacher_distance(TeacherDistance kind, const Tensor& x, const Tensor& teacher) {
  return kind == TeacherDistance::FeatureCosine ? feature_cosine(x, teacher) : relational_angle(x, teacher);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/distances.ipp>
#endif
