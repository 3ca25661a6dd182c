// SPDX-License-Identifier: Apache-2.0
#include "tune/workers.hpp"

#include "interrupt.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>

#include <ATen/Parallel.h>

#include <mao/core/detail/ops.hpp>
#include <mao/parallel/c10d_workers.hpp>

#include <nlohmann/json.hpp>

namespace mao_program {

namespace {

namespace fs = std::filesystem;

/// A folder of this process alone with what a run needs to continue: its results so far and its checkpoints.
fs::path copy_of_run(const fs::path& run, int rank) {
  const fs::path copy = fs::temp_directory_path() / text_of("mao-process", rank, "-", ::getpid());
  fs::create_directories(copy);
  if (!fs::is_directory(run)) return copy;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run)) {
    const fs::path extension = entry.path().extension(), target = copy / fs::relative(entry.path(), run);
    if (entry.is_directory()) {
      fs::create_directories(target);
    } else if (extension == ".json" || extension == ".safetensors") {
      fs::copy_file(entry.path(), target);
    }
  }
  return copy;
}

/// A small number that other settings hardly share.
double checksum(const RunSettings& settings) {
  return static_cast<double>(std::hash<std::string>()(nlohmann::json(settings).dump()) % 997 + 1);
}

}  // namespace

JoinedProcesses::JoinedProcesses(RunSettings& settings, RunOptions& options, bool alone) {
  const Launch launch = alone ? Launch{} : launch_of();
  if (launch.count == 1) return;
  at::Device device(at::kCPU);
  if (settings.model.device == "cuda") {
    settings.model.device = text_of("cuda:", launch.local_rank);
    device = at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(launch.local_rank));
  }
  if (launch.local_count > 1 && !process_environment("OMP_NUM_THREADS")) {
    at::set_num_threads(std::max(1, at::get_num_threads() / launch.local_count));
  }
  workers_ = workers_from_environment(device,
                                      std::chrono::milliseconds(static_cast<std::int64_t>(1000 * options.rank_timeout)),
                                      stop_asked, [] { pass_on_stop(::getpid()); });
  expect_agreement(workers_.get(), checksum(settings), "a checksum of the settings");
  if (is_first(workers_.get())) {
    if (!options.quiet) {
      std::cout << "process 0 of " << launch.count << " (" << launch.launcher << "); the others train along silently"
                << std::endl;
    }
  } else {
    copy_ = copy_of_run(options.out, launch.rank);
    options.out = copy_.string();
    options.quiet = true;
    stop_silently();
  }
  sums_over(workers_.get(), {0.0});  // nobody writes into the folder before the others have read it
}

JoinedProcesses::~JoinedProcesses() {
  std::error_code ignored;
  if (!copy_.empty()) fs::remove_all(copy_, ignored);
}

}  // namespace mao_program
