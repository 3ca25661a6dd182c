// SPDX-License-Identifier: Apache-2.0
#include "slurm.hpp"

#include <mao/core/error.hpp>

namespace mao_program {

namespace {

/// As one word of the shell.
std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace

std::string slurm_script(const SlurmOptions& options) {
  const std::string log = (options.folder / "slurm-%A_%a.log").string();
  return mao::text_of(
      "#!/bin/bash\n"
      "# The workers of a sweep. Add what your cluster asks for (--partition, --account, --mem), then: sbatch "
      "THIS_FILE\n"
      "# Submit it again to go on with what is left.\n"
      "#SBATCH --job-name=",
      options.folder.filename().string(), "\n", "#SBATCH --array=1-", options.tasks, "\n",
      "#SBATCH --ntasks=1\n"
      "#SBATCH --cpus-per-task=",
      options.cpu_threads, "\n", options.gpu ? "#SBATCH --gres=gpu:1\n" : "",
      "#SBATCH --time=24:00:00\n"
      "#SBATCH --signal=B:TERM@120\n"  // before the time is over: the run is left at its last whole epoch
      "#SBATCH --output=",
      log, "\n\n", "cd ", shell_word(options.directory.string()), " || exit 1\n", "exec ",
      shell_word(options.program.string()), " sweep ", shell_word(options.file.string()), " --out ",
      shell_word(options.folder.string()), " --worker --no-wait", options.gpu ? " --devices 0" : "", "\n");
}

}  // namespace mao_program
