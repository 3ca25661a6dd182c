// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Where the processes of a training find each other: LibTorch's key-value store at the address of the first one.

#ifdef MAO_HAS_C10D

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <mao/core/error.hpp>
#include <mao/parallel/detail/heartbeat.hpp>
#include <mao/parallel/launch.hpp>
#include <mao/parallel/workers.hpp>

namespace mao::detail {

/// The store, as one process sees it.
class MeetingPlace {
 public:
  using Store = c10::intrusive_ptr<c10d::Store>;

  MeetingPlace(Launch launch, std::chrono::milliseconds timeout) : launch_(std::move(launch)), timeout_(timeout) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(launch_.port);
    options.isServer = launch_.rank == 0 && !launch_.launcher_listens;
    options.numWorkers = static_cast<std::size_t>(launch_.count);
    options.waitWorkers = false;  // `meet` waits, and can be stopped
    options.timeout = timeout_;
    store_ = c10::make_intrusive<c10d::PrefixStore>(text_of("mao/", launch_.restarts),
                                                    c10::make_intrusive<c10d::TCPStore>(launch_.host, options));
  }

  [[nodiscard]] const Store& store() const { return store_; }

  /// Waits until all are here. **Throws** `Error` naming who has not come; `StoppedWaiting`.
  void meet(const std::function<bool()>& should_stop) const {
    const auto begin = std::chrono::steady_clock::now();
    const auto is_stopped = [&] { return should_stop && should_stop(); };
    const auto late = [&] { return is_stopped() || std::chrono::steady_clock::now() - begin > timeout_; };
    tell(*store_, beat_key(launch_.rank), "0 0 0");
    for (int rank = 0; rank < launch_.count; ++rank) {
      if (wait_until([&] { return store_->check({beat_key(rank)}); }, late, look)) continue;
      const std::string who = text_of("process ", rank, " has not come");
      if (is_stopped()) throw StoppedWaiting("stopped while waiting: " + who);
      throw Error(who);
    }
  }

  /// Signs of life by way of the store. The thread may outlive this object, so it knows nothing of it.
  [[nodiscard]] std::unique_ptr<Heartbeat> heartbeat(std::function<bool()> stops,
                                                     std::function<void()> ask_to_stop) const {
    const auto pause = std::clamp(timeout_ / 10, std::chrono::milliseconds(50), std::chrono::milliseconds(2000));
    const std::string through = launch_.launcher_listens ? launch_.launcher : launch_.rank == 0 ? "" : "process 0";
    return std::make_unique<Heartbeat>(
        HeartbeatOptions{launch_.rank, launch_.count, pause, through, std::move(stops), std::move(ask_to_stop)},
        [store = store_, key = beat_key(launch_.rank)](const Beat& beat) {
          tell(*store, key, text_of(beat.number, " ", beat.sums, " ", beat.stops));
        },
        [store = store_](int rank) { return beat_of(*store, rank); });
  }

  /// Tells the others that this process computes no sums behind this number of them.
  void say_done(std::int64_t sums) const { tell(*store_, done_key(launch_.rank), text_of(sums)); }

  /// The first process that is done and will not come to this sum; -1 if there is none.
  [[nodiscard]] int gone_before(std::int64_t sum) const {
    for (int rank = 0; rank < launch_.count; ++rank) {
      if (rank == launch_.rank || !store_->check({done_key(rank)})) continue;
      const std::vector<std::uint8_t> bytes = store_->get(done_key(rank));
      if (std::stoll(std::string(bytes.begin(), bytes.end())) < sum) return rank;
    }
    return -1;
  }

  /// Waits until all are done; at most until `gives_up`.
  void wait_for_all(const std::function<bool()>& gives_up) const {
    for (int rank = 0; rank < launch_.count; ++rank) {
      if (!wait_until([&] { return store_->check({done_key(rank)}); }, gives_up, look)) return;
    }
  }

  /// The process whose store the others use ends last, or they would find it gone.
  void part() const {
    if (launch_.rank != 0 || launch_.launcher_listens) return;
    const auto begin = std::chrono::steady_clock::now();
    wait_for_all([&] { return std::chrono::steady_clock::now() - begin > std::chrono::seconds(2); });
  }

 private:
  [[nodiscard]] static std::string beat_key(int rank) { return text_of("beat/", rank); }
  [[nodiscard]] static std::string done_key(int rank) { return text_of("done/", rank); }

  static void tell(c10d::Store& store, const std::string& key, const std::string& text) {
    store.set(key, std::vector<std::uint8_t>(text.begin(), text.end()));
  }

  [[nodiscard]] static Beat beat_of(c10d::Store& store, int rank) {
    const std::vector<std::uint8_t> bytes = store.get(beat_key(rank));
    Beat beat;
    std::istringstream(std::string(bytes.begin(), bytes.end())) >> beat.number >> beat.sums >> beat.stops;
    return beat;
  }

  static constexpr std::chrono::milliseconds look{10};  // between two questions to the store

  Launch launch_;
  std::chrono::milliseconds timeout_;
  Store store_;
};

}  // namespace mao::detail

#endif
