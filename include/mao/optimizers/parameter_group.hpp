// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Groups of parameters with their own learning rate or weight decay.

#include <string>
#include <vector>

#include <mao/core/tensor.hpp>

namespace mao {

/// The parameters whose names begin with `prefix`.
struct ParameterGroup {
  std::string prefix;
  double rate = 1;   ///< factor of their learning rate
  double decay = 1;  ///< factor of their weight decay; 0: none
};

/// The parameters with the factors of their groups. **Throws** `OptionError`, beginning with `who`, for a group without
/// parameters, a parameter in two groups, and a factor that is negative or not finite.
ParameterList grouped(ParameterList parameters, const std::vector<ParameterGroup>& groups, const std::string& who);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/optimizers/impl/parameter_group.ipp>
#endif
