// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Gaussian-weighted aggregation of prompts over epochs (PromptSRC, arXiv 2307.06948, section 3.3).

#include <vector>

#include <mao/core/batch.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// Which epochs count.
struct GaussianAggregationOptions {
  double mean = 15;      ///< the epoch that counts most, from 1
  double deviation = 1;  ///< in epochs
  int planned_for = 0;   ///< epochs that the two were chosen for, to scale them to a step of another length; 0: never
  static constexpr const char* fields[] = {"mean", "deviation", "planned_for"};
};

/// What each epoch counts: a Gaussian over 1 .. epochs, adding up to 1.
///
/// With the defaults and 20 epochs: .0044 .054 .242 .399 .242 .054 .0044 at epochs 12 to 18. With 10 epochs nearly all
/// of it falls on the last, unless `planned_for = 20`.
///
/// **Throws** `OptionError` for a deviation that is not above 0 or a horizon below 1.
std::vector<double> gaussian_weights(int epochs, const GaussianAggregationOptions& options = {});

/// Adds up parameters over the epochs of a step and puts the average in their place when it ends.
///
/// The sums are buffers in double precision, so that a run that is resumed ends where an uninterrupted one does.
/// **Differs** from the released code, which averages the frozen weights as well (and so rounds them).
class GaussianAggregation {
 public:
  using Options = GaussianAggregationOptions;

  /// **Throws** `OptionError` for settings out of range.
  explicit GaussianAggregation(Options options = {}) : options_(options) { gaussian_weights(1, options_); }

  /// After an epoch. The first of a step starts again.
  void add(const ParameterList& parameters, const EpochInfo& info);

  /// When the step ends: parameters become their average. Does nothing when no epoch was added.
  void finish(const ParameterList& parameters);

  /// The sums so far: `aggregate.NAME` and `aggregate_weight`; none before the first epoch and after the last.
  [[nodiscard]] const TensorMap& buffers() const { return sums_; }

  /// Continues from such sums. Others of the map are left alone.
  void set_buffers(const TensorMap& buffers);

 private:
  Options options_;
  TensorMap sums_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/backbones/detail/impl/gaussian_aggregation.ipp>
#endif
