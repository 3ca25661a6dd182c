// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// `mao tune` in several processes that torchrun, mpirun or srun started together: one result, written by the first.

#include <filesystem>
#include <memory>

#include "tune/settings.hpp"

namespace mao {
class Workers;
}

namespace mao_program {

/// The processes that train together, while this lives.
///
/// The first one runs as if it were alone. Every other one is silent and works in a temporary copy of what the run
/// folder holds, which is removed at the end.
class JoinedProcesses {
 public:
  /// Finds the others, unless this process is to train `alone`; with `--device cuda` each takes the GPU of its
  /// number on its machine. Changes `settings` and `options` accordingly.
  ///
  /// **Throws** `OptionError` when this program was built without c10d or the processes were given different settings,
  /// `Error` when the others do not come.
  JoinedProcesses(RunSettings& settings, RunOptions& options, bool alone);
  ~JoinedProcesses();
  JoinedProcesses(const JoinedProcesses&) = delete;
  JoinedProcesses& operator=(const JoinedProcesses&) = delete;

  /// Null for a process that was started alone.
  [[nodiscard]] const std::shared_ptr<Workers>& workers() const { return workers_; }

 private:
  std::shared_ptr<Workers> workers_;
  std::filesystem::path copy_;
};

/// Lets the steps of a `BaseToNewOptions` share their batches.
template <class StepsT>
void share_batches(StepsT& steps, const std::shared_ptr<Workers>& workers) {
  if (steps.plain) steps.plain->tuner.workers = workers;
  if (steps.mao_base) steps.mao_base->tuner.workers = workers;
  if (steps.mao_new) steps.mao_new->tuner.workers = workers;
}

}  // namespace mao_program
