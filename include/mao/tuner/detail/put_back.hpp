// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Saved tensors go back where they belong: each is used, or refused by its name.

#include <string>

#include <ATen/core/grad_mode.h>

#include <mao/backbones/concepts.hpp>
#include <mao/core/detail/policy_call.hpp>

namespace mao {

/// `saved` holds a tensor of the same shape and type for each of `parameters`. `who` says whose they are.
///
/// **Throws** `ShapeError` for one that is missing or of another shape, `FormatError` for one of another type.
void expect_tensors(const TensorMap& saved, const ParameterList& parameters, const std::string& who);

namespace detail {

/// What became of `given` in a backbone that has `now`; empty: each tensor is there as it was given.
std::string not_taken(const TensorMap& given, const TensorMap& now);

}  // namespace detail

/// Gives a backbone its buffers. **Throws** `FormatError` that names a tensor which it has no place for, or has another
/// type or shape for; the backbone keeps those that it had then. `who` says where they come from.
template <Backbone BackboneT>
void put_buffers(BackboneT& backbone, const TensorMap& given, const std::string& who) {
  std::string refused;
  if constexpr (HasBuffers<BackboneT>) {
    const StepPlace place{.name = who};
    const auto put = [&](const TensorMap& buffers) {
      policy_call(
          place, "the backbone's `set_buffers`", [] { return "the tensors that `buffers` gave"; },
          [&] { backbone.set_buffers(buffers); });
    };
    TensorMap before;
    for (const auto& [name, value] : backbone.buffers()) before[name] = value.detach().clone();
    put(given);
    refused = detail::not_taken(given, backbone.buffers());
    if (!refused.empty()) put(before);
  } else {
    refused = detail::not_taken(given, {});
  }
  require<FormatError>(refused.empty(), who, ": there is a tensor ", refused,
                       "; it was written by another method or program");
}

/// Gives a backbone what it learned: `values` for its parameters, then buffers, which may be about them (ADAPT keeps rows
/// that are out as they are). **Throws** as `put_buffers`; the backbone is as it was then.
template <Backbone BackboneT>
void put_learned(BackboneT& backbone, const ParameterList& parameters, const TensorMap& values, const TensorMap& buffers,
                 const std::string& who) {
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

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/put_back.ipp>
#endif
