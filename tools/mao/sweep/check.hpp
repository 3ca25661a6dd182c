// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What `mao tune` says of the options of a sweep before any run is started.

#include <set>
#include <string>
#include <vector>

#include "sweep/grid.hpp"

namespace mao_program {

/// Options of `mao tune` that take several values at once.
std::set<std::string> options_with_several_values();

/// Gives every run's options to the parser of `mao tune` and to the checks that it makes first, and notes in each run
/// the options that do nothing there.
///
/// **Throws** `OptionError` naming the run and what is wrong with it; file and line of an option that acts in no run
/// that has it, or of a list whose values would make the same run.
void check_runs(std::vector<SweepRun>& runs, const std::string& file);

}  // namespace mao_program
