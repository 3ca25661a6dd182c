// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Saved tensors go back where they belong: each is used, or refused by its name.

#include <string>

#include <mao/backbones/detail/backbone_calls.hpp>

namespace mao {

/// `saved` holds a tensor of the same shape and type for each of `parameters`. `who` says whose they are.
///
/// **Throws** `ShapeError` for one that is missing or of another shape, `FormatError` for one of another type.
void expect_tensors(const TensorMap& saved, const ParameterList& parameters, const std::string& who);

namespace detail {

/// What became of `given` in a backbone that has `now`; empty: each tensor is there as it was given.
std::string not_taken(const TensorMap& given, const TensorMap& now);

void put_buffers(BackboneCalls& backbone, const TensorMap& given, const std::string& who);
void put_learned(BackboneCalls& backbone, const ParameterList& parameters, const TensorMap& values,
                 const TensorMap& buffers, const std::string& who);

}  // namespace detail

/// Gives a backbone its buffers. **Throws** `FormatError` that names a tensor which it has no place for, or has another
/// type or shape for; the backbone keeps those that it had then. `who` says where they come from.
template <Backbone BackboneT>
void put_buffers(BackboneT& backbone, const TensorMap& given, const std::string& who) {
  detail::CallsOf<BackboneT> calls(backbone);
  detail::put_buffers(calls, given, who);
}

/// Gives a backbone what it learned: `values` for its parameters, then buffers, which may be about them (ADAPT keeps rows
/// that are out as they are). **Throws** as `put_buffers`; the backbone is as it was then.
template <Backbone BackboneT>
void put_learned(BackboneT& backbone, const ParameterList& parameters, const TensorMap& values, const TensorMap& buffers,
                 const std::string& who) {
  detail::CallsOf<BackboneT> calls(backbone);
  detail::put_learned(calls, parameters, values, buffers, who);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/put_back.ipp>
#endif
