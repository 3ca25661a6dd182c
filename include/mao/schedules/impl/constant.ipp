// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/schedules/constant.hpp>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE ConstantSchedule::ConstantSchedule(Options options) : options_(options) {
  require<OptionError>(options_.epochs >= 1, "ConstantSchedule: epochs = ", options_.epochs, ", expected at least 1");
  require<OptionError>(detail::is_rate(options_.learning_rate) && options_.learning_rate > 0,
                       "ConstantSchedule: learning_rate = ", options_.learning_rate, ", expected a number above 0 that fp32 can hold");
}

MAO_INLINE double ConstantSchedule::learning_rate(int epoch) const {
  require<OptionError>(epoch >= 0 && epoch < options_.epochs, "ConstantSchedule: epoch ", epoch, " of ",
                       options_.epochs, ", expected 0 to ", options_.epochs - 1);
  return options_.learning_rate;
}

}  // namespace mao
