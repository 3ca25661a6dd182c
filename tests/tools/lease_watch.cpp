// SPDX-License-Identifier: Apache-2.0
#include "runs/lease_watch.hpp"

#include <sys/stat.h>

#include <chrono>
#include <thread>

#include <support/catch.hpp>
#include <support/temporary_folder.hpp>

using mao::LeaseState;
using mao::LeaseWatch;
using mao_test::TemporaryFolder;

namespace {

const std::string foreign = R"({"beat":"0000000001","state":"held","host":"a","boot":"b","pid":7,"since":"2026",)"
                            R"("stale_after":0.2,"os_lock":false})";

void watch_sleep_ms(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

}  // namespace

TEST_CASE("a lease file says who holds it", "[lease_watch]") {
  const TemporaryFolder folder;
  CHECK_FALSE(mao::detail::last_holder(folder / "none").has_value());
  folder.write("lock.1", foreign);
  const auto holder = mao::detail::last_holder(folder / "lock");
  REQUIRE(holder.has_value());
  CHECK(holder->text() == "7 on a, since 2026");
  CHECK_FALSE((holder->released || holder->gone || holder->here));
  folder.write("lock.2", "{");
  CHECK(mao::detail::last_holder(folder / "lock")->text() == "a process that left no name");
}

TEST_CASE("a lease text is as long for every sign of life and once given back", "[lease_watch]") {
  mao::LeaseHolder holder;
  holder.host = "h\xff\"";
  const std::string first = mao::detail::lease_text(holder, 1);
  holder.released = true;
  CHECK(mao::detail::lease_text(holder, 4'000'000'000UL).size() == first.size());
  CHECK(mao::detail::parse_lease(mao::detail::lease_text(holder, 2)).released);
}

TEST_CASE("a holder is silent from the moment that it is first looked at", "[lease_watch]") {
  const TemporaryFolder folder;
  folder.write("lock.1", foreign);
  LeaseWatch watch;
  CHECK(watch.look(folder / "lock") == LeaseState::Silent);
  watch_sleep_ms(250);
  CHECK(LeaseWatch().look(folder / "lock") == LeaseState::Silent);  // another one has not waited
  CHECK(watch.look(folder / "lock") == LeaseState::Free);
}

TEST_CASE("a file that cannot be understood belongs to somebody until it was silent for long", "[lease_watch]") {
  const TemporaryFolder folder;
  for (const char* text : {"", "{", "[]", R"({"pid": 3})", R"({"beat":1,"state":"held"})"}) {
    CAPTURE(text);
    folder.write("lock.1", text);
    LeaseWatch watch;
    CHECK(watch.look(folder / "lock") == LeaseState::Silent);
  }
}
