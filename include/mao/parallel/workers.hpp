// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Processes that share the batches of one training run. A tuner only needs them to compute sums.

#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// A stop was requested while this process waited for another one.
struct StoppedWaiting : Error {
  using Error::Error;
};

/// The processes (or threads) that train together, from the point of view of one of them. `parallel/c10d_workers.hpp`
/// implements them with LibTorch's own transport.
class Workers {
 public:
  virtual ~Workers() = default;

  /// The number of this process, from 0. The first one writes files; the others only read them.
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int count() const = 0;

  /// Sums `values` over all processes, in place. All call it in the same order with the same shape and type, and get
  /// the same bits.
  virtual void sum(Tensor& values) = 0;
};

/// True if this process writes files: the first one, or a single process (`nullptr`).
inline bool is_first(const Workers* workers) { return workers == nullptr || workers->rank() == 0; }

/// The sum of each number over all workers.
std::vector<double> sums_over(Workers* workers, std::vector<double> values);

/// **Throws** `OptionError` on every worker unless `value` is the same, up to rounding, on all of them. `what` names
/// the value.
void expect_agreement(Workers* workers, double value, const std::string& what);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/impl/workers.ipp>
#endif
