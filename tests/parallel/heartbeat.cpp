// SPDX-License-Identifier: Apache-2.0
#include <mao/parallel/detail/heartbeat.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <support/catch.hpp>

using mao::detail::Beat;
using mao::detail::Heartbeat;
using mao::detail::wait_until;
using std::chrono::milliseconds;

namespace {

// Where beats are told and heard.
struct Board {
  std::mutex mutex;
  std::map<int, Beat> beats;

  void tell(int rank, const Beat& beat) {
    const std::lock_guard lock(mutex);
    beats[rank] = beat;
  }
  Beat hear(int rank) {
    const std::lock_guard lock(mutex);
    return beats[rank];
  }
};

Heartbeat beating(Board& board, int rank, milliseconds pause) {
  return Heartbeat(
      {.rank = rank, .count = 2, .pause = pause}, [&board, rank](const Beat& beat) { board.tell(rank, beat); },
      [&board](int other) { return board.hear(other); });
}

bool never() { return false; }

}  // namespace

TEST_CASE("a process that lives and is late is told from one that is silent", "[heartbeat]") {
  Board board;
  const Heartbeat first = beating(board, 0, milliseconds(400));
  {
    Heartbeat second = beating(board, 1, milliseconds(400));
    Heartbeat ahead = beating(board, 0, milliseconds(400));
    ahead.come_to_sum();
    CHECK(wait_until([&] { return board.hear(1).number > 2; }, never));  // it lives
    CHECK(ahead.missing() == "process 1, which lives and has not come to this sum");
    second.come_to_sum();
    CHECK(wait_until([&] { return ahead.missing().empty(); }, never));
  }
  // Its thread has ended, as that of a process which was stopped.
  CHECK(wait_until([&] { return !first.silent().empty(); }, never));
  CHECK_THAT(first.silent(), ContainsSubstring("process 1, silent for"));
  CHECK(first.missing() == first.silent());
}

TEST_CASE("a stop of one process is passed on to the other, once", "[heartbeat]") {
  Board board;
  std::atomic<bool> stopped{false};
  std::atomic<int> asked{0}, echoed{0};
  const auto beats = [&](int rank, std::function<bool()> stops, std::atomic<int>& count) {
    return Heartbeat(
        {.rank = rank,
         .count = 2,
         .pause = milliseconds(20),
         .stops = std::move(stops),
         .ask_to_stop = [&count] { ++count; }},
        [&board, rank](const Beat& beat) { board.tell(rank, beat); },
        [&board](int other) { return board.hear(other); });
  };
  const Heartbeat first = beats(
      0, [&] { return stopped.load(); }, echoed);
  const Heartbeat second = beats(1, {}, asked);
  CHECK(wait_until([&] { return board.hear(1).number > 2; }, never));
  CHECK(asked == 0);
  stopped = true;
  CHECK(wait_until([&] { return asked > 0 && board.hear(1).stops; }, never));
  const auto number = board.hear(1).number;
  CHECK(wait_until([&] { return board.hear(1).number > number + 2; }, never));
  CHECK(asked == 1);
  CHECK(echoed == 0);  // who was asked itself is not asked by the others
}

TEST_CASE("a heartbeat whose meeting place hangs or fails says so, and ends", "[heartbeat]") {
  const auto released = std::make_shared<std::atomic<bool>>(false);
  {
    const Heartbeat deaf(
        {.rank = 1, .count = 2, .pause = milliseconds(10), .through = "process 0"}, [](const Beat&) {},
        [released](int) {
          while (!*released) std::this_thread::yield();
          return Beat();
        });
    CHECK(wait_until([&] { return !deaf.silent().empty(); }, never));
    CHECK_THAT(deaf.silent(), ContainsSubstring("process 0, through which all are heard, silent for"));
  }  // does not wait for the thread for ever
  *released = true;
  const Heartbeat failing(
      {.rank = 1, .count = 2, .pause = milliseconds(10), .through = "torchrun"},
      [](const Beat&) { throw std::runtime_error("gone"); }, [](int) { return Beat(); });
  CHECK(wait_until([&] { return !failing.silent().empty(); }, never));
}

TEST_CASE("a wait ends when it is done, or when it gives up", "[heartbeat]") {
  int asked = 0;
  CHECK(wait_until([&] { return ++asked == 3; }, never));
  CHECK(asked == 3);
  CHECK_FALSE(wait_until(never, [] { return true; }));
}
