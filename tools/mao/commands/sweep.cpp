// SPDX-License-Identifier: Apache-2.0
// mao sweep: many runs of `mao tune` from one file, by workers on one or many machines that share a folder.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include <mao/core/device.hpp>
#include <mao/core/error.hpp>

#include "commands.hpp"
#include "interrupt.hpp"
#include "numbers.hpp"
#include "runs/run_folder.hpp"
#include "sweep/check.hpp"
#include "sweep/collect.hpp"
#include "sweep/slurm.hpp"
#include "sweep/worker.hpp"
#include "tune/idle_options.hpp"
#include "tune/next_steps.hpp"

namespace mao_program {

namespace {

namespace fs = std::filesystem;

/// What the command line of `mao sweep` says; negative numbers were not given.
struct SweepOptions {
  std::string file, out;
  std::vector<std::string> devices;
  int workers = -1, retry = -1, cpu_threads = -1;
  std::size_t task = 0;
  double stale_after = -1;
  bool worker = false, no_wait = false, print_slurm = false, list = false, status = false;
};

/// "0" is cuda:0; cpu, cuda and cuda:N are what they say.
std::string device_of(const std::string& text) {
  const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (number) return "cuda:" + text;
  const bool known =
      text == "cpu" || text == "cuda" ||
      (text.starts_with("cuda:") && text.size() > 5 && text.find_first_not_of("0123456789", 5) == std::string::npos);
  mao::require<mao::OptionError>(known, "--devices ", text, ": expected numbers of GPUs as 0,1,2, or cpu");
  return text;
}

/// Threads of a run on the CPU, unless told otherwise: this machine shared among its workers.
int threads_of_a_run(int workers) {
  if (const char* given = std::getenv("OMP_NUM_THREADS"); given != nullptr && std::atoi(given) > 0) {
    return std::atoi(given);
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / workers);
}

/// The file of this program. **Throws** `FileError` where the system does not say.
fs::path own_program() {
  std::error_code failure;
  fs::path program = fs::read_symlink("/proc/self/exe", failure);
  mao::require<mao::FileError>(!failure, "/proc/self/exe cannot be read (", failure.message(),
                               "), so the path of this program, which the job script needs, is unknown; mount /proc");
  return program;
}

/// One invocation of `mao sweep`.
class Sweep {
 public:
  explicit Sweep(SweepOptions options)
      : options_(std::move(options)),
        folder_(options_.out.empty() ? fs::path(options_.file).replace_extension("") : fs::path(options_.out)) {
    for (std::string& device : options_.devices) device = device_of(device);
    workers_given_ = options_.workers > 0;
    if (!workers_given_) options_.workers = static_cast<int>(std::max<std::size_t>(1, options_.devices.size()));
  }

  int run() {
    std::error_code failure;
    mao::require<mao::FileError>(!fs::is_directory(options_.file, failure), options_.file,
                                 " is a folder; expected a TOML file that lists the settings of the runs");
    mao::require<mao::FileError>(fs::exists(options_.file, failure), options_.file, ": no such file",
                                 fs::exists(options_.file + ".toml", failure)
                                     ? "; did you mean " + options_.file + ".toml?"
                                     : "; expected a TOML file");
    mao::require<mao::OptionError>(folder_.path() != fs::path(options_.file), options_.file,
                                   ": a sweep needs a folder beside its file; give --out DIR");
    if (options_.status) return print_status();
    prepare();
    if (options_.list) return print_list();
    expect_own_folder();
    expect_runnable();
    save();
    if (options_.print_slurm) return print_slurm();
    stop_on_signals();
    if (options_.worker || options_.task > 0) {
      const std::string device = options_.devices.empty() ? "" : options_.devices.front();
      const WorkerOptions worker{.name = {}, .device = device, .wait = !options_.no_wait};
      return options_.task > 0 ? work_on(folder_, worker, options_.task) : work(folder_, worker);
    }
    return lead();
  }

 private:
  /// Reads the file and checks every run before anything is written.
  void prepare() {
    auto runs = expand_grid(read_toml(options_.file), options_.file, options_with_several_values());
    check_runs(runs, options_.file);
    list_ = fs::exists(folder_.work_list_file()) ? folder_.work_list()
                                                 : WorkList{.directory = fs::current_path().string(),
                                                            .cpu_threads = threads_of_a_run(options_.workers),
                                                            .retry = 0,
                                                            .stale_after = 60,
                                                            .runs = {},
                                                            .former = {}};
    update_runs(list_, runs, folder_.path().string());
    if (options_.retry >= 0) list_.retry = options_.retry;
    if (options_.cpu_threads > 0) list_.cpu_threads = options_.cpu_threads;
    if (options_.stale_after > 0) list_.stale_after = options_.stale_after;
  }

  /// **Throws** `OptionError` for a folder that holds a run, or something else than a sweep.
  void expect_own_folder() const {
    if (fs::exists(folder_.work_list_file())) return;
    mao::require<mao::FileError>(!fs::exists(folder_.path()) || fs::is_directory(folder_.path()), "--out ",
                                 folder_.path().string(),
                                 " is a file; expected a folder, or a path where one can be made");
    mao::require<mao::OptionError>(!fs::exists(folder_.path() / "config.json"), folder_.path().string(),
                                   " holds a single run; choose another folder for the sweep with --out");
    mao::RunFolder::expect_own_folder(folder_.path(), "sweep.json", "a sweep");
  }

  /// **Throws** `OptionError` for the number of a run that the sweep lacks, and for a device that this machine lacks
  /// (the machines of a job script are others).
  void expect_runnable() const {
    mao::require<mao::OptionError>(options_.task <= list_.runs.size(), "--task ", options_.task, ": the sweep has ",
                                   runs_text(), ", which count from 1 (`mao sweep FILE --list`)");
    if (options_.print_slurm) return;
    for (const std::string& device : options_.devices) static_cast<void>(mao::cuda::device_named(device));
  }

  void save() const {
    fs::create_directories(folder_.path());
    const std::string text = text_of_list(list_);
    const fs::path file = folder_.work_list_file();
    // First, so that another worker does not take the folders for those of something else.
    if (!fs::exists(file) || mao::read_text_file(file) != text) {
      mao::write_file_atomically(file, [&](std::ostream& out) { out << text; });
    }
    fs::create_directories(folder_.path() / "locks");
  }

  /// The workers of this machine, and what comes out.
  int lead() {
    folder_.forget_failures(list_);
    const SweepCounts counts = folder_.counts(list_, watch_);
    std::cout << folder_.path().string() << ": " << runs_text() << ", " << counts.done << " done, " << counts.running
              << " with other workers; " << options_.workers << (options_.workers == 1 ? " worker" : " workers")
              << " with " << list_.cpu_threads << (list_.cpu_threads == 1 ? " thread" : " threads") << " a run\n";
    const int status = work_with(folder_, options_.workers, options_.devices, !options_.no_wait);
    list_ = folder_.work_list();
    const SweepCounts after = folder_.counts(list_, watch_);
    if (after.finished()) write_results(folder_, list_);
    std::cout << "\n";
    print_summary(std::cout, folder_, list_);
    print_failures();
    print_counts(after);
    if (after.finished()) {
      const std::string folder = folder_.path().string();
      std::cout << "results: " << (folder_.path() / "results.csv").string() << ", results.json\nNext: mao report "
                << shell_word(folder) << " --out " << word_beside(folder, ".html") << "\n";
    } else {
      std::cout << "the same command runs the remaining ones\n";
    }
    return status;
  }

  void print_failures() {
    for (const SweepRun& run : list_.runs) {
      const RunStatus status = folder_.status(list_, run, watch_);
      if (status.state == RunState::Failed) std::cout << "failed: " << run.name << ": " << status.error << "\n";
    }
  }

  [[nodiscard]] std::string runs_text() const {
    return mao::text_of(list_.runs.size(), list_.runs.size() == 1 ? " run" : " runs");
  }

  static void print_counts(const SweepCounts& counts) {
    std::cout << counts.done << " done, " << counts.failed << " failed, " << counts.running << " running, "
              << counts.open << " open\n";
  }

  int print_list() const {
    for (const SweepRun& run : list_.runs) {
      std::cout << run.name << ":  mao tune";
      for (const std::string& argument : run.arguments()) {
        const bool plain = !argument.empty() && argument.find_first_of(" \t\"'$&|;<>()*?#~") == std::string::npos;
        std::cout << " " << (plain ? argument : "'" + argument + "'");
      }
      std::cout << "\n";
    }
    std::cout << runs_text() << "\n";
    return 0;
  }

  int print_status() {
    mao::require<mao::FileError>(fs::exists(folder_.work_list_file()), folder_.path().string(),
                                 ": no sweep has been started there; `mao sweep ", options_.file,
                                 "` starts it, --out "
                                 "names another folder");
    list_ = folder_.work_list();
    for (const SweepRun& run : list_.runs) {
      const RunStatus status = folder_.status(list_, run, watch_);
      std::cout << (status.state == RunState::Done      ? "done     "
                    : status.state == RunState::Running ? "running  "
                    : status.state == RunState::Failed  ? "failed   "
                                                        : "open     ")
                << run.name;
      if (status.state == RunState::Running && status.holder) {
        std::cout << "  (" << status.holder->text() << ")";
      } else if (status.failures > 0) {
        std::cout << "  (" << status.error << ")";
      }
      std::cout << "\n";
    }
    const SweepCounts counts = folder_.counts(list_, watch_);
    if (counts.finished()) write_results(folder_, list_);
    std::cout << "\n";
    print_summary(std::cout, folder_, list_);
    print_counts(counts);
    return 0;
  }

  int print_slurm() const {
    const auto gpu = [](const std::string& device) { return device.starts_with("cuda"); };
    const auto on_gpu = [&](const SweepRun& run) {
      return std::ranges::any_of(
          run.settings, [&](const SweepSetting& setting) { return setting.option == "device" && gpu(setting.text()); });
    };
    std::cout << slurm_script(
        {.program = own_program(),
         .file = fs::absolute(options_.file),
         .folder = fs::absolute(folder_.path()),
         .directory = list_.directory,
         .tasks = workers_given_ ? std::min(list_.runs.size(), static_cast<std::size_t>(options_.workers))
                                 : list_.runs.size(),
         .cpu_threads = list_.cpu_threads,
         .gpu = std::ranges::any_of(options_.devices, gpu) || std::ranges::any_of(list_.runs, on_gpu)});
    return 0;
  }

  SweepOptions options_;
  bool workers_given_ = false;
  SweepFolder folder_;
  WorkList list_;
  mao::LeaseWatch watch_;
};

/// What is asked for beside each other and cannot be done, or would do nothing.
void check_options(const CLI::App& command, const SweepOptions& options) {
  std::string asked;
  for (const char* name : {"--status", "--list", "--print-slurm", "--worker", "--task"}) {
    if (command.get_option(name)->count() == 0) continue;
    mao::require<mao::OptionError>(asked.empty(), asked, " and ", name, " exclude each other; give only one of them");
    asked = name;
  }
  if (asked != "--worker" && asked != "--task") return;
  refuse_options(command, {"--workers"}, asked + " works only in this process");
  if (asked == "--task") refuse_options(command, {"--no-wait"}, "--task does not wait for other runs");
  mao::require<mao::OptionError>(options.devices.size() < 2, "--devices: ", asked, " does one run at a time, on one ",
                                 "device; got ", options.devices.size());
}

}  // namespace

void add_sweep(CLI::App& app, int& status) {
  auto options = std::make_shared<SweepOptions>();
  CLI::App* command = add_command(
      app, "sweep", "do many runs from one file: data sets x methods x seeds x settings, with any number of workers");
  command->footer(
      "FILE is TOML: `option = value` for every option of `mao tune`, a list for several values, a [section] for each\n"
      "method with its own options. The same command resumes the sweep, and adds workers on other machines\n"
      "that share the folder. docs/guides/sweeps.md has an example.");
  command->add_option("file", options->file, "TOML file of the sweep")->type_name("FILE")->required();
  command->add_option("--out", options->out, "folder of the sweep (default: FILE without its extension)")
      ->type_name("DIR");
  command->add_option("--workers", options->workers, "runs at the same time (default: 1, or one for each device)")
      ->check(above_zero());
  command->add_option("--devices", options->devices, "GPUs to distribute the workers over, as 0,1,2,3, or cpu")
      ->delimiter(',');
  command->add_option("--retry", options->retry, "how often a failed run is retried (default: 0)")
      ->check(zero_or_above());
  command
      ->add_option("--cpu-threads", options->cpu_threads,
                   "threads per run (default: OMP_NUM_THREADS, or the cores divided by the number of first workers)")
      ->check(above_zero());
  command
      ->add_option("--stale-after", options->stale_after,
                   "seconds without a sign of life after which a worker's run is taken over (default: 60)")
      ->check(above_zero());
  command->add_flag("--list", options->list, "print the runs and start nothing");
  command->add_flag("--status", options->status, "print how far the sweep is and start nothing");
  command->add_flag("--print-slurm", options->print_slurm, "print a job script for sbatch and start nothing");
  command->add_flag("--worker", options->worker, "be a single worker in this process, and do not write the summary");
  command
      ->add_option("--task", options->task,
                   "do only the run with this number, as numbered by --list: for a scheduler's array")
      ->check(above_zero());
  command->add_flag("--no-wait", options->no_wait,
                    "end if no run is left to take, even if other workers are still busy");
  command->callback([command, options, &status] {
    check_options(*command, *options);
    status = Sweep(*options).run();
  });
}

}  // namespace mao_program
