// SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <thread>

#include "interrupt.hpp"
#include "sweep/child_process.hpp"
#include "sweep/collect.hpp"
#include "sweep/worker.hpp"

namespace mao_program {

namespace {

using Clock = std::chrono::steady_clock;

void sleep_ms(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

/// What a program that failed said, behind a position of its log: its error, or else its last line.
std::string last_words(const std::filesystem::path& file, std::uintmax_t from) {
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(from));
  std::string last, error;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("mao: ")) error = line;
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return error.empty() ? last : error;
}

class Worker {
 public:
  Worker(SweepFolder folder, WorkerOptions options) : folder_(std::move(folder)), options_(std::move(options)) {}

  int work() {
    for (int pauses = 0; !stop_asked();) {
      list_ = folder_.work_list();  // each time: the file of the sweep may have been changed
      if (take_one()) {
        pauses = 0;
        continue;
      }
      const SweepCounts counts = folder_.counts(list_, watch_);
      if (counts.finished()) {
        write_results(folder_, list_);
        return counts.failed == 0 ? 0 : 1;
      }
      if (!options_.wait) return 0;
      pauses = std::min(pauses + 1, 10);  // looks less and less often: half a second to five
      for (int i = 0; i < 10 * pauses && !stop_asked(); ++i) sleep_ms(50);
    }
    return stopped_status;
  }

  int work_on(std::size_t number) {
    list_ = folder_.work_list();
    const SweepRun& run = list_.runs.at(number - 1);
    std::error_code ignored;
    std::filesystem::remove(folder_.error(run), ignored);  // the scheduler asks for another try
    for (bool told = false; !folder_.is_done(run) && !stop_asked();) {
      if (auto lease = mao::Lease::try_take(folder_.lock(run), watch_, list_.stale_after)) {
        if (!folder_.is_done(run)) execute(run, *lease);
        break;
      }
      const auto holder = mao::Lease::holder_of(folder_.lock(run));
      mao::require<mao::OptionError>(watch_.look(folder_.lock(run)) != mao::LeaseState::Held, "--task ", number, ": ",
                                     run.name, " is held by another worker (", holder ? holder->text() : "", ")");
      if (!std::exchange(told, true)) say(run, "is held by a worker that may be gone; looking for a sign of life");
      sleep_ms(50);
    }
    if (folder_.counts(list_, watch_).finished()) write_results(folder_, list_);
    if (folder_.is_done(run)) return 0;
    return stop_asked() ? stopped_status : 1;
  }

 private:
  /// False when there is nothing to take now.
  bool take_one() {
    std::vector<std::pair<int, const SweepRun*>> open;  // those that failed before come last
    for (const SweepRun& run : list_.runs) {
      const RunStatus status = folder_.status(list_, run, watch_);
      if (status.state == RunState::Open) open.emplace_back(status.failures, &run);
    }
    std::ranges::stable_sort(open, {}, &std::pair<int, const SweepRun*>::first);
    for (const auto& [failures, run] : open) {
      auto lease = mao::Lease::try_take(folder_.lock(*run), watch_, list_.stale_after);
      if (!lease) continue;
      const RunState state = state_now(*run);
      if (state == RunState::Done) lease->remove();  // another worker has just finished it
      if (state == RunState::Open) execute(*run, *lease);
      return true;
    }
    return false;
  }

  /// As if nobody held the lock, which this worker does.
  RunState state_now(const SweepRun& run) {
    const RunStatus status = folder_.status(list_, run, watch_);
    if (status.state != RunState::Running) return status.state;
    return status.failures > list_.retry ? RunState::Failed : RunState::Open;
  }

  void execute(const SweepRun& run, mao::Lease& lease) {
    std::filesystem::create_directories(folder_.run(run));
    std::error_code none;
    const std::uintmax_t size = std::filesystem::file_size(folder_.log(run), none);
    const std::uintmax_t log_start = none ? 0 : size;
    say(run, "started");
    const auto began = Clock::now();
    const pid_t child = start_child(child_options(run, lease.took_over()));
    int status = 0;
    if (!wait_for(child, lease, status)) {
      say_taken_over(run);
      return;
    }
    const std::chrono::duration<double> seconds = Clock::now() - began;
    if (folder_.is_done(run)) {
      std::error_code ignored;
      std::filesystem::remove(folder_.error(run), ignored);
      lease.remove();
      say(run,
          mao::text_of("done in ", std::fixed, std::setprecision(1), seconds.count(), " s", headline(folder_, run)));
    } else if (stop_asked()) {
      say(run, "stopped; it resumes from its last complete epoch");
    } else {
      failed(run, status, log_start, lease);
    }
  }

  void failed(const SweepRun& run, int status, std::uintmax_t log_start, const mao::Lease& lease) {
    std::string message = last_words(folder_.log(run), log_start);
    if (message.empty()) message = end_of(status);
    try {
      folder_.note_failure(run, end_of(status), message, [&] { lease.expect_held(); });
    } catch (const mao::FileError&) {
      if (lease.held()) throw;
      say_taken_over(run);
      return;
    }
    const int failures = folder_.status(list_, run, watch_).failures;
    say(run, mao::text_of("failed (", end_of(status), ", try ", failures, " of ", list_.retry + 1, "): ", message));
  }

  void say_taken_over(const SweepRun& run) const {
    say(run, "was taken over by another worker; nothing was heard of this one for too long");
  }

  /// `take_over`: the worker before this one is gone or silent, and so is its run, or will be when it looks.
  ChildOptions child_options(const SweepRun& run, bool take_over) const {
    ChildOptions child;
    child.arguments = run.arguments();
    if (!options_.device.empty()) {
      const auto given = std::ranges::find(child.arguments, "--device");
      if (given != child.arguments.end()) child.arguments.erase(given, given + 2);
      child.arguments.insert(child.arguments.end(), {"--device", options_.device});
    }
    child.arguments.insert(child.arguments.begin(), "tune");
    const std::string out = std::filesystem::absolute(folder_.run(run)).string();
    child.arguments.insert(child.arguments.end(), {"--alone", "--out", out});  // srun may have started this worker
    if (take_over) child.arguments.emplace_back("--take-over");
    const auto set = std::ranges::find(child.arguments, "--stale-after");
    if (set == child.arguments.end()) {
      child.arguments.insert(child.arguments.end(), {"--stale-after", mao::text_of(list_.stale_after)});
    }
    child.environment = {{"OMP_NUM_THREADS", std::to_string(list_.cpu_threads)}};
    // A thread that waits for others must not keep them from a core: there may be more runs than cores.
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) child.environment.emplace_back("OMP_WAIT_POLICY", "passive");
    child.directory = list_.directory;
    child.log = folder_.log(run);
    return child;
  }

  /// False when the lease was lost: another worker has the run, and what became of it here does not count. The child is
  /// dead then.
  bool wait_for(pid_t child, const mao::Lease& lease, int& status) const {
    const auto pause = std::chrono::duration<double>(lease.pause());
    auto last_look = Clock::now();
    bool told = false;
    while (::waitpid(child, &status, WNOHANG) != child) {
      if (stop_asked() && !told) {
        pass_on_stop(child);
        told = true;
      }
      if (Clock::now() - last_look > pause) {
        last_look = Clock::now();
        if (!lease.held()) {
          ::kill(child, SIGKILL);
          ::waitpid(child, &status, 0);
          return false;
        }
      }
      sleep_ms(20);
    }
    return lease.held();
  }

  void say(const SweepRun& run, const std::string& text) const {
    const auto done = static_cast<std::size_t>(
        std::ranges::count_if(list_.runs, [&](const SweepRun& r) { return folder_.is_done(r); }));
    std::cout << mao::text_of("[", done, "/", list_.runs.size(), "] ", options_.name, options_.name.empty() ? "" : ": ",
                              run.name, ": ", text, "\n")
              << std::flush;
  }

  SweepFolder folder_;
  WorkerOptions options_;
  WorkList list_;
  mao::LeaseWatch watch_;
};

/// A worker as a process; the one that starts it can be killed without leaving it behind.
pid_t fork_worker(const SweepFolder& folder, const WorkerOptions& options) {
  std::cout << std::flush;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  mao::require(pid >= 0, "cannot start another process: ", std::strerror(errno));
  if (pid != 0) return pid;
  int code = 1;
  try {
    stop_with_parent(parent);
    stop_silently();
    code = work(folder, options);
  } catch (const std::exception& error) {
    std::cerr << "mao: " << options.name << ": " << error.what() << std::endl;
  }
  std::cout << std::flush;
  ::_exit(code == 0 && !std::cout ? 1 : code);  // the first process says why: it writes to the same place
}

}  // namespace

int work(const SweepFolder& folder, const WorkerOptions& options) { return Worker(folder, options).work(); }

int work_on(const SweepFolder& folder, const WorkerOptions& options, std::size_t number) {
  return Worker(folder, options).work_on(number);
}

int work_with(const SweepFolder& folder, int workers, const std::vector<std::string>& devices, bool wait) {
  std::map<pid_t, std::string> running;
  for (int i = 0; i < workers; ++i) {
    WorkerOptions options{.name = {}, .device = {}, .wait = wait};
    if (!devices.empty()) options.device = devices[static_cast<std::size_t>(i) % devices.size()];
    if (workers > 1) options.name = mao::text_of("worker ", i + 1, options.device.empty() ? "" : ", " + options.device);
    running.emplace(fork_worker(folder, options), options.name);
  }
  bool told = false;
  while (!running.empty()) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (const auto worker = running.find(ended); worker != running.end()) {
      if (WIFSIGNALED(status)) {
        std::cout << (worker->second.empty() ? "the worker" : worker->second) << " ended by " << end_of(status)
                  << (running.size() > 1 ? "; the others take over its run\n" : "\n") << std::flush;
      }
      running.erase(worker);
      continue;
    }
    if (stop_asked() && !told) {
      for (const auto& [pid, name] : running) pass_on_stop(pid);
      told = true;
    }
    sleep_ms(20);
  }
  if (stop_asked()) return stopped_status;
  mao::LeaseWatch watch;
  const SweepCounts counts = folder.counts(folder.work_list(), watch);
  return counts.failed + counts.open == 0 ? 0 : 1;
}

}  // namespace mao_program
