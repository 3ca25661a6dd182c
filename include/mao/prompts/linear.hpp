// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A learned affine map, the building block of prompt networks.

#include <string>
#include <vector>

#include <ATen/ops/linear.h>

#include <mao/core/own_tensor.hpp>
#include <mao/core/random.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// A tensor of independent draws from [-bound, bound), in row-major order.
Tensor uniform_tensor(const std::vector<std::int64_t>& shape, double bound, Rng rng);

/// `x W^T + b` with learned W and b.
///
/// **Shapes** `weight` [out, in], `bias` [out] or undefined. Both train; their names are `name.weight` and `name.bias`.
class Linear {
 public:
  enum class Bias { Yes, No };

  Linear() = default;

  /// Both start uniform in +-1/sqrt(in), as in torch.nn.Linear. Draws from `rng[name]`.
  Linear(std::string name, std::int64_t in, std::int64_t out, const Rng& rng, Bias bias = Bias::Yes);

  /// **Shapes** [.., in] -> [.., out].
  [[nodiscard]] Tensor operator()(const Tensor& x) const {
    return bias_.defined() ? at::linear(x, weight_, bias_) : at::linear(x, weight_);
  }

  [[nodiscard]] const Tensor& weight() const { return weight_; }
  [[nodiscard]] const Tensor& bias() const { return bias_; }

  /// Adds weight and bias; `rate` is `Parameter::rate`.
  void append_to(ParameterList& list, double rate = 1) const;

 private:
  std::string name_;
  OwnTensor weight_, bias_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/impl/linear.ipp>
#endif
