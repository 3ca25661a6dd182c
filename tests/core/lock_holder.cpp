// SPDX-License-Identifier: Apache-2.0
#include <mao/core/lock_holder.hpp>

#include <chrono>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::LockHolder;
using mao_test::TemporaryFolder;

TEST_CASE("a holder on this machine is looked up, one elsewhere is given time", "[lock_holder]") {
  LockHolder holder{.process = mao::this_process(), .child = {}, .since = {}, .released = false, .seconds_silent = 1e6};
  CHECK_FALSE(mao::is_stale(holder));
  holder.released = true;
  CHECK(mao::is_stale(holder));
  holder.released = false;
  holder.process.started += 1;
  CHECK(mao::is_stale(holder));
  holder.child = mao::this_process();  // whoever worked for it still does
  CHECK_FALSE(mao::is_stale(holder));
  holder.process.machine = "elsewhere";
  CHECK(mao::is_stale(holder, {.stale_after = std::chrono::seconds(60)}));
  holder.seconds_silent = 59;
  CHECK_FALSE(mao::is_stale(holder, {.stale_after = std::chrono::seconds(60)}));
}

TEST_CASE("a lock file says who holds it; one that says nothing ages", "[lock_holder]") {
  const TemporaryFolder folder;
  CHECK_FALSE(mao::detail::read_lock_file(folder / "none").has_value());
  const auto file = folder.write("lock", R"({"process": {"host": "a", "machine": "m", "pid": 7, "started": 3},
                                            "since": "2026-01-01T00:00:00Z"})");
  const auto holder = mao::detail::read_lock_file(file);
  REQUIRE(holder.has_value());
  CHECK(holder->process.host == "a");
  CHECK(holder->process.pid == 7);
  CHECK(holder->child.pid == 0);
  CHECK_FALSE(holder->released);
  CHECK_FALSE(mao::is_stale(*holder));
  for (const char* text : {"", "{", "[]", R"({"pid": 3})"}) {
    CAPTURE(text);
    const auto broken = folder.write("broken", text);
    CHECK_FALSE(mao::is_stale(mao::detail::read_lock_file(broken).value()));
    std::filesystem::last_write_time(broken, std::filesystem::last_write_time(broken) - std::chrono::hours(1));
    CHECK(mao::is_stale(mao::detail::read_lock_file(broken).value()));
  }
}
