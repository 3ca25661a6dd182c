// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/parallel/detail/heartbeat.hpp>

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// What the thread and its owner know.
struct Heartbeat::State {
  using Clock = std::chrono::steady_clock;

  struct Peer {
    Beat last;
    Clock::time_point heard = Clock::now();
  };

  HeartbeatOptions options;
  std::vector<Peer> peers;
  std::int64_t sums = 0;
  Clock::time_point listened = Clock::now();  // the last time that the thread had heard all
  bool stopped = false, ended = false;
  std::mutex mutex;
  std::condition_variable changed;

  /// In seconds; 0 if there is no silence yet.
  [[nodiscard]] double silence_since(Clock::time_point then) const {
    const auto time = Clock::now() - then;
    return time > 4 * options.pause ? std::chrono::duration<double>(time).count() : 0;
  }
};

MAO_INLINE Heartbeat::Heartbeat(HeartbeatOptions options, Tell tell, Hear hear) : state_(std::make_shared<State>()) {
  state_->peers.resize(static_cast<std::size_t>(options.count));
  state_->options = std::move(options);
  std::thread([state = state_, tell = std::move(tell), hear = std::move(hear)] { run(state, tell, hear); }).detach();
}

MAO_INLINE Heartbeat::~Heartbeat() {
  std::unique_lock lock(state_->mutex);
  state_->stopped = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, std::chrono::seconds(1), [&] { return state_->ended; });
}

MAO_INLINE void Heartbeat::come_to_sum() {
  const std::lock_guard lock(state_->mutex);
  ++state_->sums;
}

MAO_INLINE void Heartbeat::run(const std::shared_ptr<State>& state, const Tell& tell, const Hear& hear) {
  Beat own;
  std::unique_lock lock(state->mutex);
  try {
    while (!state->stopped) {
      own = {.number = own.number + 1, .sums = state->sums, .stops = own.stops};
      lock.unlock();
      own.stops = own.stops || (state->options.stops && state->options.stops());
      tell(own);
      std::vector<Beat> beats(state->peers.size());
      for (std::size_t i = 0; i < beats.size(); ++i) {
        if (static_cast<int>(i) != state->options.rank) beats[i] = hear(static_cast<int>(i));
      }
      const bool heard_stop = !own.stops && std::ranges::any_of(beats, &Beat::stops);
      if (heard_stop) own.stops = true;
      if (heard_stop && state->options.ask_to_stop) state->options.ask_to_stop();
      lock.lock();
      state->listened = State::Clock::now();
      for (std::size_t i = 0; i < beats.size(); ++i) {
        if (beats[i].number != state->peers[i].last.number) state->peers[i] = {beats[i], state->listened};
      }
      if (heard_stop) continue;  // the others hear at once that this one stops too
      state->changed.wait_for(lock, state->options.pause, [&] { return state->stopped; });
    }
  } catch (const std::exception&) {  // who is gone says so in the next sum
    lock.lock();
  }
  state->ended = true;
  state->changed.notify_all();
}

MAO_INLINE std::string Heartbeat::silent() const {
  const std::lock_guard lock(state_->mutex);
  const std::string& through = state_->options.through;
  if (const double deaf = state_->silence_since(state_->listened); deaf > 0 && !through.empty()) {
    return text_of(through, ", through which all are heard, silent for ", static_cast<int>(deaf), " s");
  }
  std::string text;
  for (std::size_t i = 0; i < state_->peers.size(); ++i) {
    const double silence =
        static_cast<int>(i) == state_->options.rank ? 0 : state_->silence_since(state_->peers[i].heard);
    if (silence > 0) {
      text += text_of(text.empty() ? "" : ", ", "process ", i, ", silent for ", static_cast<int>(silence), " s");
    }
  }
  return text;
}

MAO_INLINE std::string Heartbeat::missing() const {
  if (const std::string text = silent(); !text.empty()) return text;
  const std::lock_guard lock(state_->mutex);
  std::string text;
  for (std::size_t i = 0; i < state_->peers.size(); ++i) {
    if (static_cast<int>(i) == state_->options.rank || state_->peers[i].last.sums >= state_->sums) continue;
    text += text_of(text.empty() ? "" : ", ", "process ", i, ", which lives and has not come to this sum");
  }
  return text;
}

MAO_INLINE bool wait_until(const std::function<bool()>& is_done, const std::function<bool()>& gives_up,
                           std::chrono::microseconds pause) {
  const auto start = std::chrono::steady_clock::now();
  while (!is_done()) {
    if (std::chrono::steady_clock::now() - start < std::chrono::microseconds(500)) {
      std::this_thread::yield();
      continue;
    }
    if (gives_up()) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace mao::detail
