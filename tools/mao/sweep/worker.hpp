// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A worker of a sweep: takes one run after another until none is left.

#include <string>

#include "sweep/sweep_folder.hpp"

namespace mao_program {

/// How a worker works.
struct WorkerOptions {
  std::string name;    ///< for its messages
  std::string device;  ///< of its runs; empty: what the sweep's file says
  bool wait = true;    ///< for the runs of other workers, to take over those that are left behind
};

/// Works until every run is done or given up. SIGINT and SIGTERM make it stop its run, which continues later from its
/// last complete epoch, and give it back. Returns the exit code of the program: 0, 1 when runs failed, 130 when it was
/// stopped.
int work(const SweepFolder& folder, const WorkerOptions& options);

/// Works on the run of that number, from 1 to their count, and no other, as a task of a scheduler. Returns as `work`; 0
/// at once for a run that is done. **Throws** `OptionError` when another worker holds it.
int work_on(const SweepFolder& folder, const WorkerOptions& options, std::size_t number);

/// Starts so many workers as processes of their own and waits for them. `devices` are dealt out in turn; may be empty.
int work_with(const SweepFolder& folder, int workers, const std::vector<std::string>& devices, bool wait);

}  // namespace mao_program
