// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/pruning.hpp>

#include <numeric>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE void PruningSchedule::check() const {
  require<OptionError>(target >= 0 && target <= start, "pruning: target = ", target, ", there are ", start,
                       " tokens to start with; choose a target of 0 to ", start, " or more tokens for each block");
  require<OptionError>(until > 0 && until <= 1, "pruning: until = ", until, ", expected above 0 and at most 1");
  require<OptionError>(interval > 0, "pruning: interval = ", interval, " epochs, expected 1 or more");
}

MAO_INLINE std::vector<double> scaled(std::vector<double> scores, std::size_t layers, SaliencyScale scale) {
  if (scale == SaliencyScale::Raw || scores.empty()) return scores;
  const std::size_t group = scale == SaliencyScale::Tower ? scores.size() : scores.size() / layers;
  for (std::size_t first = 0; first < scores.size(); first += group) {
    double squares = 0;
    for (std::size_t i = first; i < first + group; ++i) squares += scores[i] * scores[i];
    for (std::size_t i = first; squares > 0 && i < first + group; ++i) scores[i] /= std::sqrt(squares);
  }
  return scores;
}

MAO_INLINE std::vector<std::int64_t> lowest(const std::vector<double>& scores, const std::vector<bool>& in,
                                            std::int64_t count) {
  std::vector<std::int64_t> order;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i]) order.push_back(static_cast<std::int64_t>(i));
  }
  std::ranges::stable_sort(order, {}, [&](std::int64_t i) { return scores[static_cast<std::size_t>(i)]; });
  order.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(count, 0, static_cast<std::int64_t>(order.size()))));
  return order;
}

}  // namespace mao
