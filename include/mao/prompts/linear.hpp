// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A learned affine map, as the prompt networks of the family are made of.

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>

#include <mao/core/own_tensor.hpp>
#include <mao/core/random.hpp>
#include <mao/core/tensor.hpp>

namespace mao {

/// A tensor of independent draws from [-bound, bound), in row-major order.
inline Tensor uniform_tensor(const std::vector<std::int64_t>& shape, double bound, Rng rng) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(rng.uniform(-bound, bound));
  return at::tensor(values).view(shape);
}

/// `x W^T + b` with learned W and b.
///
/// **Shapes** `weight` [out, in], `bias` [out] or undefined. Both train and are called `name.weight` and `name.bias`.
class Linear {
 public:
  enum class Bias { Yes, No };

  Linear() = default;

  /// Both uniform in +-1/sqrt(in), which is how torch.nn.Linear starts. Draws from `rng[name]`.
  Linear(std::string name, std::int64_t in, std::int64_t out, const Rng& rng, Bias bias = Bias::Yes)
      : name_(std::move(name)) {
    require<OptionError>(in > 0 && out > 0, name_, ": a map from ", in, " to ", out,
                         " numbers; both are at least 1, so choose a larger width");
    const Rng own = rng[name_];
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    weight_ = parameter(uniform_tensor({out, in}, bound, own["weight"]));
    if (bias == Bias::Yes) bias_ = parameter(uniform_tensor({out}, bound, own["bias"]));
  }

  /// **Shapes** [.., in] -> [.., out].
  [[nodiscard]] Tensor operator()(const Tensor& x) const {
    return bias_.defined() ? at::linear(x, weight_, bias_) : at::linear(x, weight_);
  }

  [[nodiscard]] const Tensor& weight() const { return weight_; }
  [[nodiscard]] const Tensor& bias() const { return bias_; }

  /// Adds weight and bias; `rate` is `Parameter::rate`.
  void append_to(ParameterList& list, double rate = 1) const {
    list.push_back({name_ + ".weight", weight_, rate});
    if (bias_.defined()) list.push_back({name_ + ".bias", bias_, rate});
  }

 private:
  std::string name_;
  OwnTensor weight_, bias_;
};

}  // namespace mao
