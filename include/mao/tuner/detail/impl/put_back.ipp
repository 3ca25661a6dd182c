// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/put_back.hpp>

#include <ATen/core/grad_mode.h>

#include <mao/config.hpp>
#include <mao/core/detail/policy_call.hpp>

namespace mao {

MAO_INLINE void expect_tensors(const TensorMap& saved, const ParameterList& parameters, const std::string& who) {
  for (const Parameter& parameter : parameters) {
    const auto found = saved.find(parameter.name);
    require<ShapeError>(found != saved.end(), who, ": the saved state has no ", parameter.name);
    expect_shape(found->second, parameter.value.sizes(), who + ": saved " + parameter.name);
    require<FormatError>(found->second.scalar_type() == parameter.value.scalar_type(), who, ": saved ", parameter.name,
                         " is of type ", c10::toString(found->second.scalar_type()), ", expected ",
                         c10::toString(parameter.value.scalar_type()), "; save it as fp32, as mao does");
  }
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE std::string not_taken(const TensorMap& given, const TensorMap& now) {
  for (const auto& [name, value] : given) {
    const auto found = now.find(name);
    if (found == now.end()) return name + ", which this method does not have";
    const Tensor& taken = found->second;
    if (taken.scalar_type() != value.scalar_type()) {
      return text_of(name, " of type ", c10::toString(value.scalar_type()), ", expected ",
                     c10::toString(taken.scalar_type()));
    }
    if (taken.numel() != value.numel()) {
      return text_of(name, " of shape ", shape_text(value.sizes()), ", expected ", shape_text(taken.sizes()));
    }
  }
  return {};
}

MAO_INLINE void put_buffers(BackboneCalls& backbone, const TensorMap& given, const std::string& who) {
  std::string refused;
  if (backbone.offers.buffers) {
    const StepPlace place{.name = who};
    const auto put = [&](const TensorMap& buffers) {
      policy_call(
          place, "the backbone's `set_buffers`", [] { return "the tensors that `buffers` gave"; },
          [&] { backbone.set_buffers(buffers); });
    };
    TensorMap before;
    for (const auto& [name, value] : backbone.buffers()) before[name] = value.detach().clone();
    put(given);
    refused = not_taken(given, backbone.buffers());
    if (!refused.empty()) put(before);
  } else {
    refused = not_taken(given, {});
  }
  require<FormatError>(refused.empty(), who, ": there is a tensor ", refused,
                       "; it was written by another method or program");
}

MAO_INLINE void put_learned(BackboneCalls& backbone, const ParameterList& parameters, const TensorMap& values,
                            const TensorMap& buffers, const std::string& who) {
  const at::NoGradGuard no_graph;
  const auto put = [&](const TensorMap& from) {
    for (Parameter parameter : parameters) parameter.value.copy_(from.at(parameter.name));
  };
  TensorMap before;
  for (const Parameter& parameter : parameters) before[parameter.name] = parameter.value.detach().clone();
  put(values);
  try {
    put_buffers(backbone, buffers, who);
  } catch (...) {
    put(before);
    throw;
  }
}

}  // namespace mao::detail
