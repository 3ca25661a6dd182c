// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/observers.hpp>

#include <chrono>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <ostream>

#include <mao/config.hpp>

namespace mao {

MAO_INLINE void Progress::on_epoch(const EpochReport& report) {
  out_ << report.stage << ": epoch " << report.epoch + 1 << " of " << report.epochs << ", loss " << report.loss
       << ", accuracy " << report.accuracy << " %, learning rate " << report.learning_rate;
  if (report.skipped > 0) out_ << ", " << report.skipped << " of " << report.steps + report.skipped << " steps skipped";
  out_ << std::endl;
}

MAO_INLINE void Progress::on_end(const FitResult& result) {
  out_ << result.stage << ": " << (result == FitResult::Finished ? "finished" : "stopped") << ", " << result.why
       << std::endl;
}

MAO_INLINE CsvLog::CsvLog(std::filesystem::path path) : path_(std::move(path)) {
  const bool begins = !std::filesystem::exists(path_) || std::filesystem::file_size(path_) == 0;
  std::ofstream out(path_, std::ios::app);
  if (begins) out << "stage,epoch,loss,accuracy,learning_rate,steps,skipped,seconds\n";
  require<FileError>(out.flush().good(), path_.string(), ": cannot be written; choose another file");
}

MAO_INLINE void CsvLog::on_epoch(const EpochReport& report) {
  std::ofstream out(path_, std::ios::app);
  out.precision(9);
  out << std::quoted(report.stage, '"', '"') << ',' << report.epoch << ',' << report.loss << ',' << report.accuracy
      << ',' << report.learning_rate << ',' << report.steps << ',' << report.skipped << ',' << report.seconds << '\n';
  require<FileError>(out.flush().good(), path_.string(), ": cannot be written any more; the disk may be full");
}

MAO_INLINE TimeLimit::TimeLimit(double seconds, Clock clock) : seconds_(seconds), clock_(std::move(clock)) {
  require<OptionError>(std::isfinite(seconds) && seconds > 0, "TimeLimit: ", seconds, " seconds, expected more than 0");
  if (clock_) return;
  clock_ = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
}

MAO_INLINE std::string TimeLimit::should_stop() const {
  if (clock_() - start_ < seconds_) return {};
  return text_of("the time limit of ", seconds_, " s is over");
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE void check_early_stopping(const EarlyStoppingOptions& options) {
  require<OptionError>(options.patience >= 1, "EarlyStopping: patience = ", options.patience,
                       ", expected 1 epoch or more");
  require<OptionError>(options.at_least >= 0 && options.at_least <= 100, "EarlyStopping: at_least = ", options.at_least,
                       ", expected percent points from 0 to 100");
}

}  // namespace mao::detail
