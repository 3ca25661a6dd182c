// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/predict.hpp>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE Eigen::MatrixXf as_matrix(const Tensor& logits) {
  expect_shape(logits, {-1, -1}, "as_matrix: logits");
  const Tensor columns = logits.detach().to(at::kFloat).cpu().t().contiguous();  // column by column, as Eigen has it
  return Eigen::Map<const Eigen::MatrixXf>(columns.const_data_ptr<float>(), logits.size(0), logits.size(1));
}

MAO_INLINE std::vector<std::int64_t> winners(const Tensor& logits) {
  expect_shape(logits, {-1, -1}, "winners: logits");
  require<ShapeError>(logits.size(1) > 0, "winners: the logits have no column, expected one for each class");
  const Tensor best = logits.argmax(1).cpu().contiguous();
  const auto* begin = best.const_data_ptr<std::int64_t>();
  return {begin, begin + best.numel()};
}

}  // namespace mao
