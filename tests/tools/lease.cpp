// SPDX-License-Identifier: Apache-2.0
#include "runs/lease.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::Lease;
using mao::LeaseState;
using mao::LeaseWatch;
using mao_test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

void sleep_ms(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

std::optional<Lease> take(const fs::path& path, double stale_after = 60) {
  LeaseWatch watch;
  return Lease::try_take(path, watch, stale_after);
}

// How many of `count` threads that start together get the lease. Those who get it keep it until all have tried.
int winners_among_threads(const fs::path& path, int count) {
  std::atomic<int> winners{0};
  std::barrier start(count), end(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto lease = take(path);
      winners += lease ? 1 : 0;
      end.arrive_and_wait();
    });
  }
  threads.clear();
  return winners;
}

// A process that takes the lease, says so, and does nothing more.
pid_t holder_process(const fs::path& path, double stale_after = 60) {
  std::array<int, 2> answer{};
  REQUIRE(::pipe(answer.data()) == 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto lease = take(path, stale_after);
    const char said = lease ? 1 : 0;
    if (::write(answer[1], &said, 1) == 1) {
      while (true) ::pause();
    }
    ::_exit(1);
  }
  char said = 0;
  REQUIRE(::read(answer[0], &said, 1) == 1);
  REQUIRE(said == 1);
  ::close(answer[0]);
  ::close(answer[1]);
  return pid;
}

void kill_and_wait(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

// What the holder's file says, changed in one place as a file of another machine would be.
void change(const fs::path& file, const std::string& from, const std::string& to) {
  std::string text = mao::read_text_file(file);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  std::ofstream(file, std::ios::binary) << text;
}

}  // namespace

TEST_CASE("a lease is held by one until it is given back", "[lease]") {
  const TemporaryFolder folder;
  auto first = take(folder / "lock");
  REQUIRE(first.has_value());
  CHECK_FALSE(first->took_over());
  CHECK_FALSE(take(folder / "lock").has_value());
  CHECK(first->held());
  CHECK(Lease::holder_of(folder / "lock")->pid == ::getpid());
  first->release();
  CHECK_FALSE(first->held());
  CHECK(Lease::holder_of(folder / "lock")->released);
  {
    const auto second = take(folder / "lock");
    CHECK(second.has_value());
  }
  auto third = take(folder / "lock");
  REQUIRE(third.has_value());
  third->remove();
  CHECK(fs::is_empty(folder.path()));
  CHECK_THROWS_AS(take(folder / "no such folder/lock"), mao::FileError);
}

TEST_CASE("of many threads one gets a lease that is new, given back, or left behind", "[lease]") {
  const TemporaryFolder folder;
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    REQUIRE(winners_among_threads(folder / "lock", 8) == 1);  // each round finds the one of the last given back
  }
  kill_and_wait(holder_process(folder / "dead"));
  REQUIRE(winners_among_threads(folder / "dead", 8) == 1);
}

TEST_CASE("a process that was killed loses its lease at once, whatever boot or host it names", "[lease]") {
  const TemporaryFolder folder;
  const pid_t pid = holder_process(folder / "lock");
  const auto holder = Lease::holder_of(folder / "lock");
  CHECK((holder->pid == pid && holder->here && !holder->gone));
  CHECK_FALSE(take(folder / "lock").has_value());
  kill_and_wait(pid);
  CHECK(Lease::holder_of(folder / "lock")->gone);
  const bool local = [&] {
    const mao::detail::FileDescriptor file(::open((folder / "lock.1").c_str(), O_RDONLY));
    return mao::detail::is_on_local_disk(file.get());
  }();
  if (local) change(folder / "lock.1", mao::detail::this_boot(), std::string(36, '0'));  // before the machine restarted
  const auto mine = take(folder / "lock");
  REQUIRE(mine.has_value());
  CHECK(mine->took_over());
}

TEST_CASE("on a shared file system signs of life decide, by the clock of who looks", "[lease]") {
  const TemporaryFolder folder;
  const pid_t pid = holder_process(folder / "lock", 1.2);  // a sign every 0.2 s
  LeaseWatch watch(false);
  CHECK(watch.look(folder / "lock") == LeaseState::Silent);
  fs::last_write_time(folder / "lock.1", fs::file_time_type::min());  // no clock of a file counts
  while (watch.look(folder / "lock") == LeaseState::Silent) sleep_ms(20);
  CHECK(watch.look(folder / "lock") == LeaseState::Held);
  ::kill(pid, SIGSTOP);
  const auto stopped = std::chrono::steady_clock::now();
  while (watch.look(folder / "lock") != LeaseState::Free) sleep_ms(20);
  CHECK(std::chrono::steady_clock::now() - stopped > std::chrono::milliseconds(900));
  const auto mine = Lease::try_take(folder / "lock", watch);
  REQUIRE(mine.has_value());
  CHECK(mine->took_over());
  ::kill(pid, SIGCONT);
  sleep_ms(300);
  CHECK(mine->held());  // what the other one does now touches its own file alone
  kill_and_wait(pid);
}

TEST_CASE("a holder that was stopped finds itself taken over", "[lease]") {
  const TemporaryFolder folder;
  const auto first = take(folder / "lock", 0.3);
  REQUIRE(first.has_value());
  first->expect_held();
  const auto second = Lease::take_over(folder / "lock");  // somebody knows better
  REQUIRE(second.has_value());
  CHECK(second->took_over());
  CHECK(second->held());
  CHECK_FALSE(first->held());
  CHECK_THROWS_WITH(first->expect_held(), ContainsSubstring("taken over by process " + std::to_string(::getpid())));
}

TEST_CASE("a holder whose file was removed or replaced is told", "[lease]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "run");
  const auto lease = take(folder / "run/lock");
  REQUIRE(lease.has_value());
  fs::rename(folder / "run", folder / "before");
  CHECK_THROWS_WITH(lease->expect_held(), ContainsSubstring("run/lock.1") && ContainsSubstring("is gone"));
  fs::create_directory(folder / "run");
  const auto other = take(folder / "run/lock");
  CHECK(other.has_value());
  CHECK_FALSE(lease->held());
}

TEST_CASE("a lease is kept while work is done", "[lease]") {
  const TemporaryFolder folder;
  auto lease = take(folder / "coop.lock", 0.3);
  REQUIRE(lease.has_value());
  LeaseWatch watch(false);
  for (int i = 0; i < 30; ++i, sleep_ms(20)) CHECK(watch.look(folder / "coop.lock") != LeaseState::Free);
}
