// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The numbers of a sweep: every run in the order of the work list, and means over seeds.

#include <ostream>
#include <string>

#include "sweep/sweep_folder.hpp"

namespace mao_program {

/// `: Base 75.50  New 54.40  H 63.24`, the numbers that a run is known by.
std::string headline(const SweepFolder& folder, const SweepRun& run);

/// results.json and results.csv of the sweep. They depend on the runs' results alone: the same bytes whoever writes
/// them, however often and whenever.
void write_results(const SweepFolder& folder, const WorkList& list);

/// A table of means over seeds of the runs that are done.
void print_summary(std::ostream& out, const SweepFolder& folder, const WorkList& list);

}  // namespace mao_program
