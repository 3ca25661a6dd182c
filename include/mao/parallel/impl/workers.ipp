// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/parallel/workers.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ops/tensor.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::vector<double> sums_over(Workers* workers, std::vector<double> values) {
  if (workers == nullptr || values.empty()) return values;
  Tensor all = at::tensor(values);
  workers->sum(all);
  const auto* first = all.const_data_ptr<double>();
  return {first, first + all.numel()};
}

MAO_INLINE void expect_agreement(Workers* workers, double value, const std::string& what) {
  if (workers == nullptr) return;
  std::vector<double> values(static_cast<std::size_t>(workers->count()), 0);
  values[static_cast<std::size_t>(workers->rank())] = value;
  values = sums_over(workers, std::move(values));
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double most = std::max(std::abs(values[0]), std::abs(values[i]));
    require<OptionError>(std::abs(values[i] - values[0]) <= 1e-4 * most, what, " is ", values[0], " in process 0 and ",
                         values[i], " in process ", i,
                         "; all processes of a training need the same settings, data and run folder");
  }
}

}  // namespace mao
