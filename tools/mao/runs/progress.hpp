// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How far a long task is: a bar that redraws itself on a terminal, plain lines now and then elsewhere.

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>

namespace mao {

/// `label [=====>    ] 120/200 note, 6.7/s, 12 s left`.
class ProgressLine {
 public:
  using Clock = std::chrono::steady_clock;

  /// `terminal`: redraw one line; otherwise write a line at most every `seconds`.
  ProgressLine(std::ostream& out, bool terminal, double seconds = 10)
      : out_(out), terminal_(terminal), seconds_(seconds) {}

  /// An error message that follows begins on a line of its own.
  ~ProgressLine() { finish(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// On standard error, as a bar when it is a terminal.
  static bool is_terminal() { return isatty(STDERR_FILENO) != 0; }

  /// Reports `done` of `total`. Call as often as convenient; little is drawn.
  void update(const std::string& label, std::int64_t done, std::int64_t total, const std::string& note = {}) {
    const auto now = Clock::now();
    if (label != label_) {
      finish();
      label_ = label;
      started_ = last_ = now;
      first_done_ = done;
      if (!terminal_) return;
    }
    const double since = std::chrono::duration<double>(now - last_).count();
    if (since < (terminal_ ? 0.1 : seconds_) && !(terminal_ && done == total)) return;
    last_ = now;
    const std::string line = text(done, total, note, std::chrono::duration<double>(now - started_).count());
    if (terminal_) {
      out_ << '\r' << line << "\x1b[K" << std::flush;
      drawn_ = true;
    } else {
      out_ << line << std::endl;
    }
  }

  /// A function that reports under `label`, for what counts with `done, total` alone.
  [[nodiscard]] auto under(std::string label) {
    return [this, label = std::move(label)](std::size_t done, std::size_t total) {
      update(label, static_cast<std::int64_t>(done), static_cast<std::int64_t>(total));
    };
  }

  /// Clears the bar, so that other text may be written.
  void finish() {
    if (drawn_) out_ << "\r\x1b[K" << std::flush;
    drawn_ = false;
    label_.clear();
  }

 private:
  [[nodiscard]] std::string text(std::int64_t done, std::int64_t total, const std::string& note, double elapsed) const {
    std::ostringstream line;
    line << label_ << ' ';
    if (terminal_) {
      constexpr std::int64_t width = 24;
      const std::int64_t filled = total > 0 ? width * done / total : 0;
      line << '[' << std::string(static_cast<std::size_t>(filled), '=')
           << std::string(static_cast<std::size_t>(width - filled), ' ') << "] ";
    }
    line << done << '/' << total;
    if (!note.empty()) line << ' ' << note;
    if (done > first_done_ && done < total) {
      const double rate = static_cast<double>(done - first_done_) / elapsed;
      line << std::fixed;
      if (elapsed >= 0.05) line << ", " << std::setprecision(rate < 10 ? 1 : 0) << rate << "/s";  // before, it is noise
      line << ", " << std::setprecision(0) << static_cast<double>(total - done) / rate << " s left";
    }
    return line.str();
  }

  std::ostream& out_;
  bool terminal_;
  double seconds_;
  std::string label_;
  Clock::time_point started_{}, last_{};
  std::int64_t first_done_ = 0;
  bool drawn_ = false;
};

}  // namespace mao
