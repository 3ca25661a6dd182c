// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/prompts/distinct_prompts.hpp>

#include <cstddef>
#include <map>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE void expect_distinct_prompts(const ClassList& classes, const std::vector<std::vector<std::int64_t>>& prompts,
                                        const std::string& source) {
  if (classes.same_names == SameNames::accept) return;
  std::map<std::vector<std::int64_t>, std::size_t> seen;
  for (std::size_t label = 0; label < prompts.size(); ++label) {
    const auto [first, is_new] = seen.try_emplace(prompts[label], label);
    require<DataError>(is_new, source, ": classes ", first->second, " and ", label, ", '",
                       printable(classes.names.at(first->second)), "' and '", printable(classes.names.at(label)),
                       "', are the same tokens to this model, so it cannot tell them apart; rename one of them");
  }
}

}  // namespace mao
