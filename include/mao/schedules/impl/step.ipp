// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/schedules/step.hpp>

#include <utility>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE StepSchedule::StepSchedule(Options options) : options_(std::move(options)) {
  detail::check_epochs_and_warm_up(options_, "StepSchedule");
  require<OptionError>(std::isfinite(options_.factor) && options_.factor > 0,
                       "StepSchedule: factor = ", options_.factor, ", expected a number above 0");
  for (const int milestone : options_.milestones) {
    require<OptionError>(milestone >= 1, "StepSchedule: milestone ", milestone, ", expected at least 1");
  }
}

MAO_INLINE std::vector<int> StepSchedule::every(int interval, int epochs) {
  require<OptionError>(interval >= 1, "StepSchedule::every: interval = ", interval, ", expected at least 1");
  std::vector<int> milestones;
  for (int epoch = interval; epoch < epochs; epoch += interval) milestones.push_back(epoch);
  return milestones;
}

}  // namespace mao
