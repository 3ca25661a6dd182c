// SPDX-License-Identifier: Apache-2.0
#include <mao/core/lock_file.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::LockFile;
using mao_test::TemporaryFolder;

namespace {

// How many of `count` threads that start together get the lock. Those who get it keep it until all have tried.
int winners_among_threads(const std::filesystem::path& path, int count, const mao::LockOptions& options = {}) {
  std::atomic<int> winners{0};
  std::barrier start(count), end(count);
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto lock = LockFile::try_take(path, options);
      winners += lock ? 1 : 0;
      end.arrive_and_wait();
    });
  }
  threads.clear();
  return winners;
}

// The same with processes. They say how it went, then wait to be killed, so that nobody gives the lock back.
int winners_among_processes(const std::filesystem::path& path, int count) {
  std::array<int, 2> answers{};
  REQUIRE(::pipe(answers.data()) == 0);
  std::vector<pid_t> processes;
  for (int i = 0; i < count; ++i) {
    processes.push_back(::fork());
    if (processes.back() != 0) continue;
    const auto lock = LockFile::try_take(path);
    const char answer = lock ? 1 : 0;
    if (::write(answers[1], &answer, 1) == 1) ::pause();
    ::_exit(1);
  }
  int winners = 0;
  for (int i = 0; i < count; ++i) {
    char answer = 0;
    REQUIRE(::read(answers[0], &answer, 1) == 1);
    winners += answer;
  }
  for (const pid_t process : processes) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }
  ::close(answers[0]);
  ::close(answers[1]);
  return winners;
}

// A holder of another machine, last heard of some seconds ago.
void write_foreign(const std::filesystem::path& path, int seconds_ago) {
  nlohmann::json content{{"process", mao::detail::to_json(mao::this_process())}};
  content["process"]["machine"] = "another";
  mao::write_file_atomically(path, [&](std::ostream& out) { out << content; });
  std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) - std::chrono::seconds(seconds_ago));
}

}  // namespace

TEST_CASE("a lock is held by one until it is given back", "[lock_file]") {
  const TemporaryFolder folder;
  auto first = LockFile::try_take(folder / "lock");
  REQUIRE(first.has_value());
  CHECK_FALSE(LockFile::try_take(folder / "lock").has_value());
  CHECK(first->refresh());
  CHECK(LockFile::holder_of(folder / "lock")->process.pid == ::getpid());
  first->release();
  CHECK_FALSE(first->refresh());
  CHECK(LockFile::holder_of(folder / "lock")->released);
  {
    const auto second = LockFile::try_take(folder / "lock");
    CHECK(second.has_value());
  }
  auto third = LockFile::try_take(folder / "lock");
  REQUIRE(third.has_value());
  third->remove();
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK_THROWS_AS(LockFile::try_take(folder / "no such folder/lock"), mao::FileError);
}

TEST_CASE("a lock is held while work is done", "[lock_file]") {
  const TemporaryFolder folder;
  const auto path = folder / "coop.lock";
  int done = 0;
  const auto work_is_left = [&] { return done < 3; };
  const auto work = [&] {
    ++done;
    CHECK_FALSE(LockFile::try_take(path).has_value());
  };
  if (auto lock = mao::LockFile::try_take(path)) {  // of many that try, one gets it
    while (work_is_left()) {
      work();
      if (!lock->refresh()) break;  // every few seconds: a sign of life; false when somebody took the lock over
    }
  }  // given back
  CHECK(done == 3);
  CHECK(LockFile::holder_of(path)->released);
}

TEST_CASE("of many threads one gets a lock that is new, given back, or left behind", "[lock_file]") {
  const TemporaryFolder folder;
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    REQUIRE(winners_among_threads(folder / "lock", 8) == 1);  // each round finds the one of the last given back
    write_foreign(folder / ("foreign" + std::to_string(round) + ".1"), 1000);
    REQUIRE(winners_among_threads(folder / ("foreign" + std::to_string(round)), 8) == 1);
  }
}

TEST_CASE("of many processes one gets the lock of a process that was killed", "[lock_file]") {
  const TemporaryFolder folder;
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    REQUIRE(winners_among_processes(folder / "lock", 6) == 1);  // and is killed
    CHECK(mao::is_stale(LockFile::holder_of(folder / "lock").value()));
  }
}

TEST_CASE("a lock of another machine is taken over after a long silence, and the other is told", "[lock_file]") {
  const TemporaryFolder folder;
  const mao::LockOptions patient{.stale_after = std::chrono::seconds(100)};
  write_foreign(folder / "lock.1", 50);
  CHECK_FALSE(LockFile::try_take(folder / "lock", patient).has_value());
  write_foreign(folder / "lock.1", 200);
  auto mine = LockFile::try_take(folder / "lock", patient);
  REQUIRE(mine.has_value());
  CHECK(mine->refresh());
  write_foreign(folder / "lock.3", 0);
  CHECK(LockFile::holder_of(folder / "lock")->process.machine == "another");
  CHECK_FALSE(mine->refresh());
}

TEST_CASE("a lock is not taken over while its holder's child lives", "[lock_file]") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) ::pause();
  const pid_t holder = ::fork();
  if (holder == 0) {
    auto lock = LockFile::try_take(folder / "lock");
    if (lock) lock->add_child(child);
    ::_exit(0);  // as killed: nothing is given back
  }
  ::waitpid(holder, nullptr, 0);
  CHECK_FALSE(LockFile::try_take(folder / "lock").has_value());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(LockFile::try_take(folder / "lock").has_value());
}
