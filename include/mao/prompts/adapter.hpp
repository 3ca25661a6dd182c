// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A bottleneck behind a frozen tower that is blended with what went in (CLIP-Adapter, arXiv 2110.04544).

#include <string>
#include <utility>

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
  Adapter(const std::string& name, std::int64_t width, double share, const Rng& rng)
      : share_(share),
        down_(name + ".fc.0", width, width / 4, rng, Linear::Bias::No),
        up_(name + ".fc.2", width / 4, width, rng, Linear::Bias::No) {
    require<OptionError>(share >= 0 && share <= 1, name, ": a share of ", share,
                         ", expected 0 to 1 (CoPrompt: 0.1, 0.2)");
  }

  /// **Shapes** [.., width] -> [.., width], not normalised.
  [[nodiscard]] Tensor operator()(const Tensor& x) const {
    return up_(down_(x).relu()).relu() * share_ + x * (1 - share_);
  }

  void append_to(ParameterList& list) const {
    down_.append_to(list);
    up_.append_to(list);
  }

 private:
  double share_ = 0;
  Linear down_, up_;
};

}  // namespace mao
