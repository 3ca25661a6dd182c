// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/detail/state.hpp>

#include <algorithm>
#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include <mao/config.hpp>
#include <mao/sampling/concepts.hpp>

namespace mao {

MAO_INLINE std::map<std::string, std::string> detail::training_of(const Description& method, const Description& sampler,
                                                                  const Description& regularizer,
                                                                  const Description* schedule, int epochs,
                                                                  const std::string& rates, const Optimizer& optimizer,
                                                                  std::uint64_t seed, bool augment) {
  Description all;
  all.add("seed", seed);
  all.add("augment", augment);
  all.add("method", method);
  all.add("sampler", sampler);
  all.add("regularizer", regularizer);
  all.add("optimizer", optimizer.describe());
  all.add("epochs", epochs);
  if (schedule != nullptr) all.add("schedule", *schedule);
  all.add("learning rates", Description(rates));
  for (const Parameter& parameter : optimizer.parameters()) {
    all.add("rate multiple of " + parameter.name, parameter.rate);
    if (parameter.decay != 1) all.add("decay multiple of " + parameter.name, parameter.decay);
  }
  return {all.settings.begin(), all.settings.end()};
}

MAO_INLINE TunerState detail::state_of(BackboneCalls& backbone, const Optimizer& optimizer, int epochs_done,
                                       const StepPlace& place) {
  TunerState state{.epochs_done = epochs_done, .parameters = {}, .optimizer = {}, .buffers = {}};
  for (const Parameter& parameter : optimizer.parameters()) {
    state.parameters[parameter.name] = parameter.value.detach().clone();
  }
  state.optimizer = copies_of(optimizer.state());
  if (backbone.offers.buffers) {
    state.buffers = copies_of(policy_call(
        place, "the backbone's `buffers`", [] { return "tensors by name"; }, [&] { return backbone.buffers(); }));
  }
  state.learned_for = backbone.learned_for();
  return state;
}

MAO_INLINE void detail::restore_state(BackboneCalls& backbone, Optimizer& optimizer, const TunerState& state,
                                      const std::string& name) {
  check_state(state, optimizer, name);
  expect_same_classes(state.learned_for, backbone.learned_for(), name + ": the saved parameters belong to",
                      "make the backbone for the classes that they were learned for");
  TensorMap before = optimizer.state();
  optimizer.set_state(copies_of(state.optimizer));
  try {
    put_learned(backbone, optimizer.parameters(), state.parameters, copies_of(state.buffers), name);
  } catch (...) {
    optimizer.set_state(std::move(before));
    throw;
  }
}

MAO_INLINE void check_state(const TunerState& state, const Optimizer& optimizer, const std::string& name) {
  expect_tensors(state.parameters, optimizer.parameters(), name);
  for (const auto& entry : state.parameters) {
    const std::string& key = entry.first;
    const auto same = [&](const Parameter& parameter) { return parameter.name == key; };
    require<ShapeError>(std::ranges::any_of(optimizer.parameters(), same), name, ": the saved state has ", key,
                        ", which this method does not train; it is of another method");
  }
}

MAO_INLINE void expect_same_training(const std::map<std::string, std::string>& saved,
                                     const std::map<std::string, std::string>& here, const std::string& name) {
  std::string differences;
  const auto differs = [&](const std::string& key, const std::string& there, const std::string& now) {
    if (there != now && differences.size() < 1000) {
      differences += text_of(differences.empty() ? "" : "; ", key, ": ", there, " there, ", now, " here");
    }
  };
  const auto get = [](const auto& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? std::string("nothing") : found->second;
  };
  for (const auto& [key, text] : saved) differs(key, text, get(here, key));
  for (const auto& [key, text] : here) {
    if (!saved.contains(key)) differs(key, "nothing", text);
  }
  require<OptionError>(differences.empty(), name, ": the saved state is of another training (", differences,
                       "); give the settings that it was started with, or start again");
}

}  // namespace mao
