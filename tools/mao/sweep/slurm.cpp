// SPDX-License-Identifier: Apache-2.0
#include "sweep/slurm.hpp"

#include <mao/core/error.hpp>

namespace mao_program {

namespace {

/// As one word of the shell.
std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

/// As a value of an #SBATCH line, which sbatch reads without a shell: quotes around it, and \\ before what would end
/// them.
std::string sbatch_word(const std::string& text) {
  std::string word = "\"";
  for (const char c : text) word += c == '"' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
  return word + "\"";
}

/// A folder as the beginning of a file name pattern, in which % begins a symbol.
std::string pattern_of(const std::filesystem::path& folder) {
  const std::string text = folder.string();
  mao::require<mao::OptionError>(text.find_first_of("\\\n\r") == std::string::npos, text,
                                 ": Slurm takes no file name of a log with a backslash or a line break in its folder; "
                                 "choose another --out");
  std::string pattern;
  for (const char c : text) pattern += c == '%' ? std::string("%%") : std::string(1, c);
  return pattern;
}

}  // namespace

std::string slurm_script(const SlurmOptions& options) {
  const std::string worker =
      mao::text_of(shell_word(options.program.string()), " sweep ", shell_word(options.file.string()), " --out ",
                   shell_word(options.folder.string()), " --worker --no-wait", options.gpu ? " --devices 0" : "");
  return mao::text_of(
      "#!/bin/bash\n"
      "# The workers of a sweep. Add what your cluster asks for (--partition, --account, --mem), then: sbatch "
      "THIS_FILE\n"
      "# Submit it again to resume what is left.\n"
      "#SBATCH --job-name=",
      sbatch_word(options.folder.filename().string()), "\n", "#SBATCH --array=1-", options.tasks, "\n",
      "#SBATCH --ntasks=1\n"
      "#SBATCH --cpus-per-task=",
      options.cpu_threads, "\n", options.gpu ? "#SBATCH --gres=gpu:1\n" : "",
      "#SBATCH --time=24:00:00\n"
      "#SBATCH --signal=B:TERM@120\n"  // before the time is over: the run is left at its last complete epoch
      "#SBATCH --requeue\n"           // a node that failed: the worker's run is taken over, and this task takes another
      "#SBATCH --open-mode=append\n"  // which keeps the log of the attempt before
      "#SBATCH --output=",
      sbatch_word(pattern_of(options.folder) + "/slurm-%A_%a.log"), "\n\n", "cd ",
      shell_word(options.directory.string()), " || exit 1\n", worker,
      " &\n"
      "worker=$! told=0\n"
      "trap 'told=1; kill -TERM $worker 2>/dev/null' TERM INT\n"
      "wait $worker; code=$?\n"
      "while [ $told = 1 ]; do told=0; wait $worker; code=$?; done  # a signal ends a wait, not the worker\n"
      "if [ $code = 130 ]; then echo 'stopped in order; submit the job again to resume'; exit 0; fi\n"
      "exit $code\n");
}

}  // namespace mao_program
