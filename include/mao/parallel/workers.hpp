// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Processes that share the batches of one training: all that a tuner asks of them is a sum.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>

namespace mao {

/// The processes (or threads) that train together, as one of them sees them. `parallel/c10d_workers.hpp` has them over
/// LibTorch's own transport.
class Workers {
 public:
  virtual ~Workers() = default;

  /// Which one this is, from 0. The first one writes files; the others only read them.
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int count() const = 0;

  /// Adds `values` up over all, in place. Everyone calls it in the same order with the same shape and type, and gets
  /// the same bits.
  virtual void sum(Tensor& values) = 0;
};

/// Whether this process writes files: the first one, and one that works alone (`nullptr`).
inline bool is_first(const Workers* workers) { return workers == nullptr || workers->rank() == 0; }

/// The sum of each number over all workers.
inline std::vector<double> sums_over(Workers* workers, std::vector<double> values) {
  if (workers == nullptr || values.empty()) return values;
  Tensor all = at::tensor(values);
  workers->sum(all);
  const auto* first = all.const_data_ptr<double>();
  return {first, first + all.numel()};
}

/// **Throws** `OptionError` on every worker when `value` is not the same, up to rounding, on all of them. `what` says
/// of which number it is.
inline void expect_agreement(Workers* workers, double value, const std::string& what) {
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
