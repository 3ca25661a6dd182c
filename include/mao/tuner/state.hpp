// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The state of a training taken out of a backbone, its optimizer and its sampler, and put back where it belongs.

#include <algorithm>
#include <concepts>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <mao/backbones/binding.hpp>
#include <mao/core/content_hash.hpp>
#include <mao/sampling/concepts.hpp>
#include <mao/schedules/concepts.hpp>
#include <mao/tuner/optimizer.hpp>
#include <mao/tuner/reports.hpp>

namespace mao {

namespace detail {

inline TensorMap copies_of(const TensorMap& tensors) {
  TensorMap copies;
  for (const auto& [name, value] : tensors) copies[name] = value.detach().clone();
  return copies;
}

/// A text as a tensor of its bytes, and back.
inline Tensor bytes_of(const std::string& text) {
  return at::tensor(std::vector<std::uint8_t>(text.begin(), text.end()), at::kByte);
}
inline std::string text_in(const Tensor& bytes) {
  const Tensor values = bytes.to(at::kByte).cpu().contiguous();
  const auto* first = values.const_data_ptr<std::uint8_t>();
  return {first, first + values.numel()};
}

}  // namespace detail

/// A copy of everything that training changes in backbone and optimizer.
template <Backbone BackboneT>
TunerState state_of(BackboneT& backbone, const Optimizer& optimizer, int epochs_done) {
  TunerState state{.epochs_done = epochs_done, .parameters = {}, .optimizer = {}, .buffers = {}};
  for (const Parameter& parameter : optimizer.parameters()) {
    state.parameters[parameter.name] = parameter.value.detach().clone();
  }
  state.optimizer = detail::copies_of(optimizer.state());
  if constexpr (HasBuffers<BackboneT>) state.buffers = detail::copies_of(backbone.buffers());
  state.learned_for = learned_for(backbone);
  return state;
}

/// **Throws** `ShapeError` when the state belongs to another method.
inline void check_state(const TunerState& state, const Optimizer& optimizer, const std::string& name) {
  for (const Parameter& parameter : optimizer.parameters()) {
    const auto saved = state.parameters.find(parameter.name);
    require<ShapeError>(saved != state.parameters.end(), name, ": the saved state has no ", parameter.name);
    expect_shape(saved->second, parameter.value.sizes(), name + ": saved " + parameter.name);
  }
}

/// Puts a state back. **Throws** `ShapeError` when it belongs to another method, `OptionError` when its parameters
/// belong to other classes or its moments to another optimizer; nothing has changed then. `name` is the step's.
template <Backbone BackboneT>
void restore_state(BackboneT& backbone, Optimizer& optimizer, const TunerState& state, const std::string& name) {
  check_state(state, optimizer, name);
  expect_same_classes(state.learned_for, learned_for(backbone), name + ": the saved parameters belong to",
                      "make the backbone for the classes that they were learned for");
  const at::NoGradGuard no_graph;
  optimizer.set_state(detail::copies_of(state.optimizer));
  for (const Parameter& parameter : optimizer.parameters()) {
    Tensor value = parameter.value;
    value.copy_(state.parameters.at(parameter.name));
  }
  if constexpr (HasBuffers<BackboneT>) backbone.set_buffers(detail::copies_of(state.buffers));
}

/// What a sampler, or its labeller, keeps; nothing where it keeps none.
template <class SamplerT>
TensorMap sampler_state(const SamplerT& sampler) {
  if constexpr (KeepsState<SamplerT>) {
    using State = std::remove_cvref_t<decltype(sampler.state())>;
    static_assert(std::same_as<State, std::string> || std::same_as<State, TensorMap>,
                  "mao: `state()` of a sampler or labeller returns something else, let it return std::string or "
                  "mao::TensorMap; see docs/concepts/sampler.md");
    if constexpr (std::same_as<State, TensorMap>) return detail::copies_of(sampler.state());
    if constexpr (std::same_as<State, std::string>) return {{"text", detail::bytes_of(sampler.state())}};
  }
  return {};
}

/// Puts it back.
template <class SamplerT>
void restore_sampler(SamplerT& sampler, const TensorMap& state, const std::string& name) {
  if constexpr (KeepsState<SamplerT>) {
    if constexpr (std::same_as<std::remove_cvref_t<decltype(sampler.state())>, TensorMap>) {
      sampler.set_state(detail::copies_of(state));
    } else if constexpr (std::same_as<std::remove_cvref_t<decltype(sampler.state())>, std::string>) {
      const auto text = state.find("text");
      require<OptionError>(text != state.end(), name, ": the saved state holds none of the sampler, which keeps one");
      sampler.set_state(detail::text_in(text->second));
    }
  } else {
    require<OptionError>(state.empty(), name,
                         ": the saved state holds one of the sampler, but this sampler keeps none");
  }
}

/// A short text for the batches of an epoch: how many, of how many images, and a number over all that is in them.
inline std::string text_of_batches(const std::vector<Batch>& batches) {
  detail::ContentHash hash;
  std::int64_t images = 0;
  const auto add = [&](const auto& values) {
    const std::size_t count = values.size();
    hash.add(&count, sizeof count);
    hash.add(values.data(), count * sizeof values[0]);
  };
  for (const Batch& batch : batches) {
    images += batch.size();
    add(batch.images), add(batch.labels), add(batch.weights), add(batch.targets);
  }
  return text_of(batches.size(), " batches of ", images, " images in all, of which the first has ",
                 batches.empty() ? 0 : batches.front().size(), " (", hash.text(), ")");
}

/// **Throws** `OptionError` when a sampler drew other batches for an epoch that it was asked for again.
inline void expect_same_batches(const std::string& before, const std::string& now, const std::string& name) {
  require<OptionError>(before == now, name, ": asked again for an epoch, the sampler draws ", now,
                       ", the saved training drew ", before,
                       "; give it the same images and settings. A sampler that "
                       "counts its own calls takes the epoch, `epoch(rng, EpochInfo)`, or offers `state()`");
}

/// The settings of a training that a resumed one must share, by name.
template <Schedule ScheduleT>
std::map<std::string, std::string> training_of(const ScheduleT& schedule, const Optimizer& optimizer,
                                               std::uint64_t seed, bool augment) {
  std::set<double> multiples{1};
  for (const Parameter& parameter : optimizer.parameters()) multiples.insert(parameter.rate);
  detail::ContentHash hash;
  double largest = 0;
  for (int epoch = 0; epoch < schedule.epochs(); ++epoch) {
    for (const double multiple : multiples) {
      const double rate = learning_rate_of(schedule, epoch, multiple);
      hash.add(&rate, sizeof rate);
      largest = std::max(largest, rate);
    }
  }
  return {{"seed", std::to_string(seed)},
          {"augment", augment ? "true" : "false"},
          {"optimizer", optimizer.text()},
          {"epochs", std::to_string(schedule.epochs())},
          {"learning rates", text_of("up to ", largest, " (", hash.text(), ")")}};
}

/// **Throws** `OptionError` that lists both where a saved training and this one differ. `name` is the step's.
inline void expect_same_training(const std::map<std::string, std::string>& saved,
                                 const std::map<std::string, std::string>& here, const std::string& name) {
  std::string differences;
  const auto differs = [&](const std::string& key, const std::string& there, const std::string& now) {
    if (there != now && differences.size() < 400) {
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
                       "); give the settings that it was started with, or start anew");
}

}  // namespace mao
