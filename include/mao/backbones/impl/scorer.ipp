// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/scorer.hpp>

#include <algorithm>
#include <memory>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>

namespace mao::detail {

MAO_INLINE std::vector<std::int64_t> looked_at_twice(std::int64_t count, std::int64_t first, std::int64_t others) {
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < std::min(count, first); ++i) rows.push_back(i);
  const std::int64_t left = count - first;
  for (std::int64_t i = 1; left > 0 && i <= std::min(left, others); ++i) {
    rows.push_back(first - 1 + left * i / std::min(left, others));
  }
  return rows;
}

MAO_INLINE ImageBatch images_at(const ImageBatch& images, const std::vector<std::int64_t>& rows) {
  const Tensor index = at::tensor(rows);
  const auto some = [&](const Tensor& all) {
    return all.defined() ? all.index_select(0, index.to(all.device())) : all;
  };
  ImageBatch result{.pixels = some(images.pixels), .features = some(images.features)};
  result.features_of = images.features_of;
  if (images.frozen != nullptr && images.frozen->rows.defined()) {
    result.frozen = std::make_shared<FrozenFeatures>(FrozenFeatures{images.frozen->model, some(images.frozen->rows)});
  }
  return result;
}

}  // namespace mao::detail
