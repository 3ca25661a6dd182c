// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What a seed leaves for people and other programs to read: log.txt in Dassl's words, TensorBoard's events, which
/// classes were taken for which.

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include <mao/evaluation/base_to_new.hpp>

#include "data/half.hpp"
#include "report/dassl_log.hpp"
#include "runs/tensorboard.hpp"

namespace mao_program {

using namespace mao;

/// Writes into the folder of a seed. One that continues appends to its log and opens another event file. `fence` is
/// called before anything is written, and prevents that by throwing.
class SeedRecords {
 public:
  SeedRecords(const std::filesystem::path& folder, std::function<void()> fence);

  void step(const std::string& stage, const StepReport& report);
  void epoch(const std::string& stage, const EpochReport& report);
  /// Also writes confusion.json.
  void result(const BaseToNewResult& result, const BaseToNewTask& task);

 private:
  void line(const std::string& text);
  void point(const std::string& tag, std::int64_t step, double value);
  void half(Half half, const Metrics& metrics);

  std::filesystem::path folder_;
  std::function<void()> fence_;
  TensorBoard board_;
  std::string stage_;
  DasslStep now_;
  std::chrono::steady_clock::time_point start_, last_;
};

}  // namespace mao_program
