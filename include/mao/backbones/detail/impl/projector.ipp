// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/backbones/detail/projector.hpp>

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <mao/config.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/prompts/linear.hpp>

namespace mao {

MAO_INLINE Projector::Projector(std::string name, std::int64_t in, std::int64_t out, const Rng& rng)
    : name_(std::move(name)) {
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

MAO_INLINE Tensor Projector::operator()(const Tensor& features) {
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

MAO_INLINE ParameterList Projector::parameters() const {
  ParameterList all;
  for (const auto& [key, pair] : {std::pair{".0", &first_}, {".1", &norm_}, {".3", &second_}}) {
    all.push_back({name_ + ".conv1" + key + ".weight", pair->weight});
    all.push_back({name_ + ".conv1" + key + ".bias", pair->bias});
  }
  return all;
}

MAO_INLINE TensorMap Projector::buffers() const {
  const std::string norm = name_ + ".conv1.1.";
  return {
      {norm + "running_mean", mean_}, {norm + "running_var", variance_}, {norm + "num_batches_tracked", batches_}};
}

MAO_INLINE void Projector::set_buffers(const TensorMap& values) {
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

}  // namespace mao
