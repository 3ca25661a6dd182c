// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Signs of life that processes of one training give each other, so that one that waits can say for whom.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mao::detail {

/// A sign of life: a number that grows, how many sums the process has come to, and whether it was asked to stop.
struct Beat {
  std::int64_t number = -1, sums = 0;
  bool stops = false;
};

/// Who gives signs of life, and how often.
struct HeartbeatOptions {
  int rank = 0, count = 1;
  std::chrono::milliseconds pause{2000};
  std::string through{};  ///< by whom the others are heard; empty when by this process itself
  std::function<bool()> stops{};        ///< whether this process was asked to stop; called by the thread
  std::function<void()> ask_to_stop{};  ///< called by the thread, once, when another process was and this one was not
};

/// Gives a sign of life every pause from a thread of its own, which stops when the process is stopped, and listens to
/// the others. Clocks of other processes take no part: silence is measured by the listener's own.
class Heartbeat {
 public:
  using Tell = std::function<void(const Beat&)>;
  using Hear = std::function<Beat(int rank)>;  ///< the last beat; number -1 when there was none

  /// `tell` and `hear` are called by the thread alone, which ends when one of them throws.
  Heartbeat(HeartbeatOptions options, Tell tell, Hear hear);
  /// Does not wait for a thread that hangs in `tell` or `hear`.
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// This process has come to its next sum.
  void come_to_sum();

  /// Processes of which nothing was heard for some pauses: `process 1, silent for 8 s`. Empty when all give signs.
  [[nodiscard]] std::string silent() const;
  /// The same, or else those that live and have not come to this sum.
  [[nodiscard]] std::string missing() const;

 private:
  struct State;
  static void run(const std::shared_ptr<State>& state, const Tell& tell, const Hear& hear);

  std::shared_ptr<State> state_;  // shared with the thread
};

/// Waits until `is_done`, first without sleep, then with a `pause` between looks; false when it `gives_up`.
bool wait_until(const std::function<bool()>& is_done, const std::function<bool()>& gives_up,
                std::chrono::microseconds pause = std::chrono::microseconds(200));

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/parallel/detail/impl/heartbeat.ipp>
#endif
