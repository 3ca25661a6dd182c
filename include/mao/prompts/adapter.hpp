// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A bottleneck after a frozen tower whose output is mixed with its input (CLIP-Adapter, arXiv 2110.04544).

#include <string>

#include <mao/core/detail/ops.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

/// `share * relu(W2 relu(W1 x)) + (1 - share) * x`, without biases.
///
/// Trains `name.fc.0.weight` [width / 4, width] and `name.fc.2.weight` [width, width / 4].
class Adapter {
 public:
  Adapter() = default;

  /// **Throws** `OptionError` for a share outside 0 .. 1 or a width below 4.
  Adapter(const std::string& name, std::int64_t width, double share, const Rng& rng);

  /// **Shapes** [.., width] -> [.., width], not normalised.
  [[nodiscard]] Tensor operator()(const Tensor& x) const {
    return up_(down_(x).relu()).relu() * share_ + x * (1 - share_);
  }

  void append_to(ParameterList& list) const;

 private:
  double share_ = 0;
  Linear down_, up_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/adapter.ipp>
#endif
