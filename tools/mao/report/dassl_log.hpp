// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Lines of log.txt in the words of Dassl, so that scripts written for its logs read ours.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <mao/core/error.hpp>

namespace mao {

namespace detail {

/// `printf` into a string.
template <class... Values>
std::string formatted(const char* format, Values... values) {
  const int size = std::snprintf(nullptr, 0, format, values...);
  require(size >= 0, "cannot write with the format ", format);
  std::string text(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(text.data(), text.size(), format, values...);
  text.pop_back();
  return text;
}

}  // namespace detail

/// `2,465`: a count with commas between thousands.
inline std::string with_commas(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, ",");
  return text;
}

/// `0:01:23`, `1 day, 2:00:00`: whole seconds as Python's `timedelta` prints them.
inline std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::isfinite(seconds) && seconds > 0 ? seconds : 0);
  const std::int64_t days = whole / 86400;
  const std::string clock = detail::formatted("%d:%02d:%02d", static_cast<int>(whole / 3600 % 24),
                                              static_cast<int>(whole / 60 % 60), static_cast<int>(whole % 60));
  return days == 0 ? clock : text_of(days, days == 1 ? " day, " : " days, ", clock);
}

/// A value and the mean of the values up to it.
struct RunningMean {
  double value = 0;
  double mean = 0;
  std::int64_t count = 0;

  void update(double latest) {
    value = latest;
    mean += (latest - mean) / static_cast<double>(++count);
  }
};

/// What Dassl prints during an epoch. Times in seconds; accuracy in percent.
struct DasslStep {
  std::int64_t epoch = 1, epochs = 1;   ///< from 1
  std::int64_t batch = 1, batches = 1;  ///< from 1
  RunningMean time{}, data{};           ///< of a step, and of its waiting for images
  RunningMean loss{}, accuracy{};
  double learning_rate = 0;
};

/// `epoch [1/50] batch [5/200] time 0.123 (0.130) data 0.000 (0.001) loss 1.2345 (1.3456) acc 75.0000 (70.1234) lr
/// 2.0000e-03 eta 0:01:23`, in one line without its end.
inline std::string dassl_step_line(const DasslStep& step) {
  const auto left = static_cast<double>(step.batches - step.batch + (step.epochs - step.epoch) * step.batches);
  return text_of("epoch [", step.epoch, "/", step.epochs, "] batch [", step.batch, "/", step.batches, "] ",
                 detail::formatted("time %.3f (%.3f) data %.3f (%.3f) loss %.4f (%.4f) acc %.4f (%.4f) lr %.4e eta ",
                                   step.time.value, step.time.mean, step.data.value, step.data.mean, step.loss.value,
                                   step.loss.mean, step.accuracy.value, step.accuracy.mean, step.learning_rate),
                 duration_text(left * step.time.mean));
}

/// The line that ends training; Dassl's scripts read results below it alone.
inline std::string dassl_training_end() { return "Finish training"; }

/// The line above a test: `Evaluate on the *test* set`.
inline std::string dassl_test_start(const std::string& split = "test") {
  return text_of("Evaluate on the *", split, "* set");
}

/// `Elapsed: 0:12:34`.
inline std::string dassl_elapsed(double seconds) { return "Elapsed: " + duration_text(seconds); }

/// What a test comes to; macro F1 in percent.
struct DasslResult {
  std::int64_t total = 0;
  std::int64_t correct = 0;
  double macro_f1 = 0;
};

/// The block of lines from `=> result` on. Dassl prints one decimal; two keep the mean over seeds as exact as our
/// tables.
///
/// **Throws** `DataError` when nothing was tested.
inline std::vector<std::string> dassl_result_lines(const DasslResult& result, int decimals = 2) {
  require<DataError>(result.total > 0 && result.correct >= 0 && result.correct <= result.total, "a test with ",
                     result.correct, " of ", result.total, " images correct; expected at least one image");
  const double accuracy = 100.0 * static_cast<double>(result.correct) / static_cast<double>(result.total);
  const auto percent = [decimals](double value) { return detail::formatted("%.*f%%", decimals, value); };
  return {"=> result",
          "* total: " + with_commas(result.total),
          "* correct: " + with_commas(result.correct),
          "* accuracy: " + percent(accuracy),
          "* error: " + percent(100.0 - accuracy),
          "* macro_f1: " + percent(result.macro_f1)};
}

}  // namespace mao
