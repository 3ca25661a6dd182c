// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A sweep as an array job of Slurm.

#include <cstddef>
#include <filesystem>
#include <string>

namespace mao_program {

/// What the script says.
struct SlurmOptions {
  std::filesystem::path program, file, folder;  ///< absolute
  std::filesystem::path directory;              ///< where the job starts
  std::size_t tasks = 1;
  int cpu_threads = 1;
  bool gpu = false;
};

/// A script for `sbatch`: each task of the array is a worker that takes runs until none is left.
std::string slurm_script(const SlurmOptions& options);

}  // namespace mao_program
