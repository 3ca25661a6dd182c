// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The state of a training taken out of a backbone and its optimizer, and put back.

#include <string>

#include <ATen/core/grad_mode.h>

#include <mao/backbones/concepts.hpp>
#include <mao/tuner/optimizer.hpp>
#include <mao/tuner/reports.hpp>

namespace mao {

namespace detail {

inline TensorMap copies_of(const TensorMap& tensors) {
  TensorMap copies;
  for (const auto& [name, value] : tensors) copies[name] = value.detach().clone();
  return copies;
}

}  // namespace detail

/// A copy of everything that training changes.
template <Backbone BackboneT>
TunerState state_of(const BackboneT& backbone, const Optimizer& optimizer, int epochs_done) {
  TunerState state{.epochs_done = epochs_done, .parameters = {}, .optimizer = {}, .buffers = {}};
  for (const Parameter& parameter : optimizer.parameters()) {
    state.parameters[parameter.name] = parameter.value.detach().clone();
  }
  state.optimizer = detail::copies_of(optimizer.state());
  if constexpr (HasBuffers<BackboneT>) state.buffers = detail::copies_of(backbone.buffers());
  return state;
}

/// Puts a state back. **Throws** `ShapeError` when it belongs to another method; `name` is the step's.
template <Backbone BackboneT>
void restore_state(BackboneT& backbone, Optimizer& optimizer, const TunerState& state, const std::string& name) {
  const at::NoGradGuard no_graph;
  for (const Parameter& parameter : optimizer.parameters()) {
    const auto saved = state.parameters.find(parameter.name);
    require<ShapeError>(saved != state.parameters.end(), name, ": the saved state has no ", parameter.name);
    expect_shape(saved->second, parameter.value.sizes(), name + ": saved " + parameter.name);
    Tensor value = parameter.value;
    value.copy_(saved->second);
  }
  optimizer.set_state(detail::copies_of(state.optimizer));
  if constexpr (HasBuffers<BackboneT>) backbone.set_buffers(detail::copies_of(state.buffers));
}

}  // namespace mao
