// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The folder of a sweep: its work list, a folder for each run, a lock for each run, and in the end the results.

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "runs/lease.hpp"
#include "sweep/work_list.hpp"

namespace mao_program {

/// Where a run stands.
enum class RunState { Open, Running, Done, Failed };

/// What is known of a run.
struct RunStatus {
  RunState state = RunState::Open;
  int failures = 0;                        ///< tries that failed since the sweep was last started
  std::string error;                       ///< of the last of them
  std::optional<mao::LeaseHolder> holder;  ///< who works on it, when it is running
};

/// How many runs stand where.
struct SweepCounts {
  std::size_t open = 0, running = 0, done = 0, failed = 0;
  [[nodiscard]] bool finished() const { return open + running == 0; }
};

/// Names within the folder, and what its files say.
class SweepFolder {
 public:
  explicit SweepFolder(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path work_list_file() const { return path_ / "sweep.json"; }
  [[nodiscard]] std::filesystem::path run(const SweepRun& run) const { return path_ / run.name; }
  [[nodiscard]] std::filesystem::path results(const SweepRun& run) const { return path_ / run.name / "results.json"; }
  [[nodiscard]] std::filesystem::path error(const SweepRun& run) const { return path_ / run.name / "sweep-error.json"; }
  [[nodiscard]] std::filesystem::path log(const SweepRun& run) const { return path_ / run.name / "worker.log"; }
  [[nodiscard]] std::filesystem::path lock(const SweepRun& run) const { return path_ / "locks" / run.name; }

  /// **Throws** as `read_work_list`.
  [[nodiscard]] WorkList work_list() const { return read_work_list(work_list_file()); }

  [[nodiscard]] bool is_done(const SweepRun& run) const { return std::filesystem::exists(results(run)); }

  /// A run whose holder was silent for too long counts as open for whoever has watched it for as long with `watch`.
  [[nodiscard]] RunStatus status(const WorkList& list, const SweepRun& run, mao::LeaseWatch& watch) const;
  [[nodiscard]] SweepCounts counts(const WorkList& list, mao::LeaseWatch& watch) const;

  /// Keeps what a try failed of. `before_rename` as in `write_file_atomically`.
  void note_failure(const SweepRun& run, const std::string& end, const std::string& message,
                    const std::function<void()>& before_rename) const;

  /// Gives all runs that failed another chance.
  void forget_failures(const WorkList& list) const;

 private:
  std::filesystem::path path_;
};

}  // namespace mao_program
