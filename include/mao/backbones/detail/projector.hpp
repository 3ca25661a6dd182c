// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A small learned network between two feature spaces, with batch normalisation inside.

#include <cmath>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/own_tensor.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

/// 1x1 convolution, batch normalisation, ReLU, 1x1 convolution on one pixel: two affine maps around a normalisation.
///
/// While gradients are enabled it normalises by the batch and follows its mean and variance (momentum 0.1); while they
/// are not, by what it has followed. Trains `conv1.0.{weight,bias}`, `conv1.1.{weight,bias}` and
/// `conv1.3.{weight,bias}` behind its name: d e + e + 2 e + e e + e numbers from width d to e.
class Projector {
 public:
  /// Uniform in +-1/sqrt(inputs), as torch's convolutions start; the normalisation starts as the identity.
  Projector(std::string name, std::int64_t in, std::int64_t out, const Rng& rng) : name_(std::move(name)) {
    const auto start = [&](const std::string& key, const std::vector<std::int64_t>& shape, std::int64_t inputs) {
      return parameter(uniform_tensor(shape, 1.0 / std::sqrt(static_cast<double>(inputs)), rng[name_][key]));
    };
    first_ = {start("0.weight", {out, in, 1, 1}, in), start("0.bias", {out}, in)};
    norm_ = {parameter(at::ones({out})), parameter(at::zeros({out}))};
    second_ = {start("3.weight", {out, out, 1, 1}, out), start("3.bias", {out}, out)};
    mean_ = at::zeros({out});
    variance_ = at::ones({out});
    batches_ = at::zeros({}, at::kLong);
  }

  /// **Shapes** [B, in] -> [B, out]. **Throws** `DataError` for a single image while gradients are enabled.
  Tensor operator()(const Tensor& features) {
    const bool training = at::GradMode::is_enabled();
    require<DataError>(!training || features.size(0) > 1, name_,
                       ": a training batch of 1 image has no variance to normalise by; use batches of 2 or more");
    mean_ = mean_.to(features.device());
    variance_ = variance_.to(features.device());
    const Tensor inside = at::batch_norm(first_(features), norm_.weight, norm_.bias, mean_, variance_, training,
                                         /*momentum*/ 0.1, /*eps*/ 1e-5, /*cudnn*/ false);
    if (training) batches_.add_(1);
    return second_(at::relu(inside));
  }

  /// In the order of the reference.
  [[nodiscard]] ParameterList parameters() const {
    ParameterList all;
    for (const auto& [key, pair] : {std::pair{".0", &first_}, {".1", &norm_}, {".3", &second_}}) {
      all.push_back({name_ + ".conv1" + key + ".weight", pair->weight});
      all.push_back({name_ + ".conv1" + key + ".bias", pair->bias});
    }
    return all;
  }

  /// What the normalisation has followed.
  [[nodiscard]] TensorMap buffers() const {
    const std::string norm = name_ + ".conv1.1.";
    return {
        {norm + "running_mean", mean_}, {norm + "running_var", variance_}, {norm + "num_batches_tracked", batches_}};
  }

  /// **Throws** `FormatError` for one that is missing, `ShapeError` for one of another size.
  void set_buffers(const TensorMap& values) {
    const at::NoGradGuard no_graph;
    for (auto& [key, buffer] : buffers()) {
      const auto found = values.find(key);
      require<FormatError>(found != values.end(), "the saved state has no ", key);
      require<ShapeError>(found->second.numel() == buffer.numel(), "saved ", key, " has shape ",
                          shape_text(found->second.sizes()), ", expected ", shape_text(buffer.sizes()));
      Tensor own = buffer;
      own.copy_(found->second.reshape(buffer.sizes()));
    }
  }

 private:
  struct Affine {
    OwnTensor weight, bias;
    Tensor operator()(const Tensor& x) const { return at::linear(x, weight.flatten(1), bias); }
  };

  std::string name_;
  Affine first_, norm_, second_;
  OwnTensor mean_, variance_, batches_;  // running statistics
};

}  // namespace mao
