// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Candidates that are classes.

#include <cstdint>

#include <mao/core/class_list.hpp>

namespace mao {

/// **Throws** `OptionError` that names `who` and a candidate that is not a position in a list of `count` classes.
void expect_positions(const Candidates& candidates, std::int64_t count, const char* who);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/prompts/detail/impl/positions.ipp>
#endif
