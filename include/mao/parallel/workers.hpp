// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Processes that share the batches of one training: all that a tuner asks of them is a sum.

#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// A stop was asked for while another process kept this one waiting.
struct StoppedWaiting : Error {
  using Error::Error;
};

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
std::vector<double> sums_over(Workers* workers, std::vector<double> values);

/// **Throws** `OptionError` on every worker when `value` is not the same, up to rounding, on all of them. `what` says
/// of which number it is.
void expect_agreement(Workers* workers, double value, const std::string& what);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/impl/workers.ipp>
#endif
