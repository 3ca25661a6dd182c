// SPDX-License-Identifier: Apache-2.0
#include <system_error>

#include <mao/io/files.hpp>
#include <mao/io/json_text.hpp>

#include <nlohmann/json.hpp>

#include "sweep/sweep_folder.hpp"

namespace mao_program {

RunStatus SweepFolder::status(const WorkList& list, const SweepRun& run, mao::LeaseWatch& watch) const {
  RunStatus status;
  if (is_done(run)) {
    status.state = RunState::Done;
    return status;
  }
  if (std::filesystem::exists(error(run))) {
    const auto failure = nlohmann::json::parse(mao::read_text_file(error(run)), nullptr, false);
    if (failure.is_object()) {
      status.failures = failure.value("failures", 0);
      status.error = failure.value("error", std::string());
    }
  }
  if (watch.look(lock(run)) != mao::LeaseState::Free) {
    status.holder = mao::Lease::holder_of(lock(run));
    status.state = RunState::Running;
  } else if (status.failures > list.retry) {
    status.state = RunState::Failed;
  }
  return status;
}

SweepCounts SweepFolder::counts(const WorkList& list, mao::LeaseWatch& watch) const {
  SweepCounts counts;
  for (const SweepRun& run : list.runs) {
    switch (status(list, run, watch).state) {
      case RunState::Open:
        ++counts.open;
        break;
      case RunState::Running:
        ++counts.running;
        break;
      case RunState::Done:
        ++counts.done;
        break;
      case RunState::Failed:
        ++counts.failed;
        break;
    }
  }
  return counts;
}

void SweepFolder::note_failure(const SweepRun& run, const std::string& end, const std::string& message,
                               const std::function<void()>& before_rename) const {
  const auto before = std::filesystem::exists(error(run))
                          ? nlohmann::json::parse(mao::read_text_file(error(run)), nullptr, false)
                          : nlohmann::json();
  const int failures = before.is_object() ? before.value("failures", 0) : 0;
  const nlohmann::ordered_json failure{
      {"failures", failures + 1}, {"ended", end}, {"error", message}, {"log", log(run).filename().string()}};
  mao::write_file_atomically(
      error(run), [&](std::ostream& out) { out << mao::json_text(failure, 2) << "\n"; }, before_rename);
}

void SweepFolder::forget_failures(const WorkList& list) const {
  std::error_code ignored;
  for (const SweepRun& run : list.runs) std::filesystem::remove(error(run), ignored);
}

}  // namespace mao_program
