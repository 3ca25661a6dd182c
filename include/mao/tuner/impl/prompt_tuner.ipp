// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/prompt_tuner.hpp>

#include <mao/config.hpp>

namespace mao::detail {

MAO_INLINE FitResult TrainingLoop::trained(ImageSource& images, const Observers& observers) {
  const double start = seconds_now();
  expect_ready(images);
  observers.start({.stage = options_.name, .epochs = epochs(), .epochs_done = epochs_done_});
  FitResult result = FitResult::Stopped;
  while (epochs_done_ < epochs() && !finished_ && result.why.empty()) {
    result.why = run_epoch(images, observers);
    if (result.why.empty()) finish_early(observers, result);
  }
  if (result.why.empty()) {
    finish();
    result.why = text_of("all ", epochs(), " epochs are done");
  }
  if (finished_) result.end = FitResult::Finished;
  result.stage = options_.name;
  result.epochs = history_;
  result.seconds = seconds_now() - start;
  observers.end(result);
  return result;
}

MAO_INLINE std::string TrainingLoop::run_epoch(ImageSource& images, const Observers& observers) {
  for (Batch& batch : begun(images)) {
    const std::string reason = observers.stop();
    if (sums_over(workers(), {reason.empty() ? 0.0 : 1.0})[0] > 0) {
      return reason.empty() ? "another process was asked to stop" : reason;
    }
    stepped(batch, observers);
  }
  history_.push_back(ended(observers));
  observers.epoch(history_.back());
  return {};
}

MAO_INLINE void TrainingLoop::finish_early(const Observers& observers, FitResult& result) {
  if (epochs_done_ == epochs()) return;
  result.why = observers.finish();
  finished_ = sums_over(workers(), {result.why.empty() ? 0.0 : 1.0})[0] > 0;
  if (finished_ && result.why.empty()) result.why = "another process called the training complete";
}

}  // namespace mao::detail
