// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Parameters that learn at another rate, or with another weight decay, than the others.

#include <string>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

/// The parameters whose names begin with `prefix`.
struct ParameterGroup {
  std::string prefix;
  double rate = 1;   ///< multiple of their learning rate
  double decay = 1;  ///< multiple of their weight decay; 0: none
};

/// The parameters with the multiples of their groups. **Throws** `OptionError`, beginning with `who`, for a group
/// without parameters, a parameter of two groups, and a multiple that is negative or not finite.
ParameterList grouped(ParameterList parameters, const std::vector<ParameterGroup>& groups, const std::string& who);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/optimizers/impl/parameter_group.ipp>
#endif
