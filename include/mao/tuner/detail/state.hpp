// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The state of a training taken out of a backbone, its optimizer and its sampler, and restored.

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/description.hpp>
#include <mao/core/detail/content_hash.hpp>
#include <mao/core/describe.hpp>
#include <mao/optimizers/optimizer.hpp>
#include <mao/schedules/concepts.hpp>
#include <mao/tuner/detail/put_back.hpp>
#include <mao/tuner/detail/reports.hpp>
#include <mao/tuner/detail/sampler_state.hpp>

namespace mao {

namespace detail {

TunerState state_of(BackboneCalls& backbone, const Optimizer& optimizer, int epochs_done, const StepPlace& place);
void restore_state(BackboneCalls& backbone, Optimizer& optimizer, const TunerState& state, const std::string& name);

}  // namespace detail

/// A copy of everything that training changes in backbone and optimizer.
template <Backbone BackboneT>
TunerState state_of(BackboneT& backbone, const Optimizer& optimizer, int epochs_done, const StepPlace& place = {}) {
  detail::CallsOf<BackboneT> calls(backbone);
  return detail::state_of(calls, optimizer, epochs_done, place);
}

/// **Throws** `ShapeError` when the state belongs to another method, `FormatError` when a tensor is of another type.
void check_state(const TunerState& state, const Optimizer& optimizer, const std::string& name);

/// Puts a state back. **Throws** `ShapeError`, `FormatError` when it belongs to another method, `OptionError` when its
/// parameters belong to other classes or its moments to another optimizer; nothing has changed then. `name` is the
/// step's.
template <Backbone BackboneT>
void restore_state(BackboneT& backbone, Optimizer& optimizer, const TunerState& state, const std::string& name) {
  detail::CallsOf<BackboneT> calls(backbone);
  detail::restore_state(calls, optimizer, state, name);
}

namespace detail {

/// A number over every learning rate of a schedule (of one by steps, over eighths of its epochs), and the largest: two
/// schedules with the same rates are the same.
template <Schedule ScheduleT>
std::string text_of_rates(const ScheduleT& schedule, const ParameterList& parameters) {
  std::set<double> multiples{1};
  for (const Parameter& parameter : parameters) multiples.insert(parameter.rate);
  ContentHash hash;
  double largest = 0;
  for (int epoch = 0; epoch < schedule.epochs(); ++epoch) {
    for (const double multiple : multiples) {
      const int parts = FollowsSteps<ScheduleT> ? 8 : 1;
      for (int part = 0; part < parts; ++part) {
        const double rate = learning_rate_of(schedule, {.epoch = epoch, .step = part, .steps = parts}, multiple);
        hash.add(&rate, sizeof rate);
        largest = std::max(largest, rate);
      }
    }
  }
  return text_of("up to ", setting_text(largest), " (", hash.text(), ")");
}

/// `training_of` without its types. `schedule`: null for one that does not describe itself.
std::map<std::string, std::string> training_of(const Description& method, const Description& sampler,
                                               const Description& regularizer, const Description* schedule, int epochs,
                                               const std::string& rates, const Optimizer& optimizer, std::uint64_t seed,
                                               bool augment);

}  // namespace detail

/// What a resumed training must share with the saved one, by name: what each policy says of itself, the fingerprint of
/// the method's model where it has one, rates. A policy without `describe()` is its type: settings that it does not
/// tell cannot be compared.
template <Backbone BackboneT, class SamplerT, class RegularizerT, Schedule ScheduleT>
std::map<std::string, std::string> training_of(const BackboneT& backbone, const SamplerT& sampler,
                                               const RegularizerT& regularizer, const ScheduleT& schedule,
                                               const Optimizer& optimizer, std::uint64_t seed, bool augment) {
  Description of_schedule;
  if constexpr (DescribesItself<ScheduleT>) of_schedule = description_of(schedule);
  return detail::training_of(method_description(backbone), description_of(sampler), description_of(regularizer),
                             DescribesItself<ScheduleT> ? &of_schedule : nullptr, static_cast<int>(schedule.epochs()),
                             detail::text_of_rates(schedule, optimizer.parameters()), optimizer, seed, augment);
}

/// **Throws** `OptionError` that lists both where a saved training and this one differ. `name` is the step's.
void expect_same_training(const std::map<std::string, std::string>& saved,
                          const std::map<std::string, std::string>& here, const std::string& name);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/detail/impl/state.ipp>
#endif
