// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads from the environment which of several processes this is (torchrun, mpirun or Slurm).

#include <functional>
#include <optional>
#include <string>

namespace mao {

/// One process of a group that was started together.
struct Launch {
  int rank = 0;
  int count = 1;
  int local_rank = 0;   ///< among those on this machine: which GPU to use
  int local_count = 1;  ///< processes on this machine, which share its cores; 1 if not known
  std::string host;     ///< of process 0
  int port = 29500;
  bool launcher_listens = false;  ///< the launcher already listens on that port (torchrun), so process 0 does not
  int restarts = 0;               ///< by the launcher
  std::string launcher = "nobody";
};

/// The value of an environment variable.
using Environment = std::function<std::optional<std::string>(const char* name)>;

std::optional<std::string> process_environment(const char* name);

/// Who started this process, and as which of how many. One process alone where the environment says nothing.
///
/// Looks for torchrun's variables (`RANK`, `WORLD_SIZE`, ...; they may be set by hand), then Open MPI's, then those of
/// a Slurm step (srun; a batch script by itself is one process). **Throws** `OptionError` naming a missing or invalid
/// variable.
Launch launch_of(const Environment& environment = process_environment);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/impl/launch.ipp>
#endif
