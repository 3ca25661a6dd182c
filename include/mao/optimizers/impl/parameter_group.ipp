// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/optimizers/parameter_group.hpp>

#include <cmath>
#include <cstddef>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE ParameterList grouped(ParameterList parameters, const std::vector<ParameterGroup>& groups,
                                 const std::string& who) {
  std::vector<const ParameterGroup*> group_of(parameters.size(), nullptr);
  for (const ParameterGroup& group : groups) {
    for (const double multiple : {group.rate, group.decay}) {
      require<OptionError>(std::isfinite(multiple) && multiple >= 0, who, ": the parameter group '", group.prefix,
                           "' has the multiple ", multiple, ", expected a finite number, 0 or above");
    }
    bool any = false;
    std::string names;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Parameter& parameter = parameters[i];
      names += (names.empty() ? "" : ", ") + parameter.name;
      if (!parameter.name.starts_with(group.prefix)) continue;
      require<OptionError>(group_of[i] == nullptr, who, ": ", parameter.name, " is in two parameter groups, '",
                           group_of[i] != nullptr ? group_of[i]->prefix : std::string(), "' and '", group.prefix,
                           "'; let one prefix match it");
      group_of[i] = &group;
      parameter.rate *= group.rate;
      parameter.decay *= group.decay;
      any = true;
    }
    require<OptionError>(any, who, ": no parameter's name begins with '", group.prefix, "'; the method trains ", names);
  }
  return parameters;
}

}  // namespace mao
