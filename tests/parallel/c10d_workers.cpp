// SPDX-License-Identifier: Apache-2.0
#include <mao/parallel/c10d_workers.hpp>

#include <mao/core/detail/ops.hpp>

#include <ATen/ops/arange.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <string>

#include <support/catch.hpp>
#include <support/free_port.hpp>

using namespace mao;

TEST_CASE("a process that nobody launched has no workers", "[c10d_workers]") {
  MAO_SKIP_UNLESS(launch_of().count == 1, "this test was itself launched as one of several processes");
  CHECK(workers_from_environment() == nullptr);
}

#ifdef MAO_HAS_C10D

TEST_CASE("tensors are added up over loopback, to the same bits everywhere", "[c10d_workers]") {
  const int count = 3, port = mao_test::free_port();
  const auto work = [=](int rank) {
    C10dWorkers workers({.rank = rank, .count = count, .host = "127.0.0.1", .port = port});
    CHECK(workers.rank() == rank);
    Tensor large = at::arange(100'000, at::kFloat).mul(0.1 * (rank + 1));
    workers.sum(large);
    Tensor columns = at::arange(6, at::kFloat).view({2, 3}).t();  // not contiguous
    workers.sum(columns);
    const auto sums = sums_over(&workers, {1.0, static_cast<double>(rank)});
    CHECK(sums == std::vector<double>{3, 3});
    return std::pair(large, columns);
  };
  std::vector<std::future<std::pair<Tensor, Tensor>>> running;
  for (int rank = 0; rank < count; ++rank) running.push_back(std::async(std::launch::async, work, rank));
  std::vector<std::pair<Tensor, Tensor>> results;
  for (auto& one : running) results.push_back(one.get());
  for (const auto& [large, columns] : results) {
    CHECK(large.equal(results[0].first));
    CHECK(large[5].item<float>() == Approx(5 * 0.6));
    CHECK(columns.equal(at::arange(6, at::kFloat).view({2, 3}).t().mul(3)));
  }
}

TEST_CASE("a process that goes away is an error that says so", "[c10d_workers]") {
  const int port = mao_test::free_port();
  const auto work = [=](int rank) -> std::string {
    C10dWorkers workers({.rank = rank, .count = 2, .host = "127.0.0.1", .port = port, .launcher = "this test"});
    if (rank == 1) return "";
    try {
      Tensor values = at::arange(10, at::kFloat);
      workers.sum(values);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  auto other = std::async(std::launch::async, work, 1);
  const std::string message = work(0);
  CHECK_THAT(message, ContainsSubstring("process 0 of 2 (this test, 127.0.0.1:") &&
                          ContainsSubstring("lost the other processes"));
}

TEST_CASE("a process that never comes, or hangs, is an error after the timeout", "[c10d_workers]") {
  const int port = mao_test::free_port();
  const Launch alone{.rank = 1, .count = 2, .host = "127.0.0.1", .port = port, .launcher = "this test"};
  CHECK_THROWS_WITH(C10dWorkers(alone, at::Device(at::kCPU), std::chrono::seconds(1)),
                    ContainsSubstring("process 1 of 2") && ContainsSubstring("for 1 s (--rank-timeout)"));
  const int other_port = mao_test::free_port();
  std::promise<void> seen;
  const auto work = [&](int rank) -> std::string {
    C10dWorkers workers({.rank = rank, .count = 2, .host = "127.0.0.1", .port = other_port, .launcher = "this test"},
                        at::Device(at::kCPU), std::chrono::seconds(2));
    if (rank == 1) {
      seen.get_future().wait();  // as one that was stopped
      return "";
    }
    std::string message;
    try {
      Tensor values = at::arange(10, at::kFloat);
      workers.sum(values);
    } catch (const Error& error) {
      message = error.what();
    }
    seen.set_value();
    return message;
  };
  auto other = std::async(std::launch::async, work, 1);
  CHECK_THAT(work(0), ContainsSubstring("process 0 of 2") && ContainsSubstring("for 2 s (--rank-timeout)") &&
                          ContainsSubstring("process 1, which lives and has not come to this sum"));
}

TEST_CASE("the first process names who does not come, and can be stopped while it waits", "[c10d_workers]") {
  const auto first = [](std::function<bool()> should_stop) {
    const Launch launch{
        .rank = 0, .count = 3, .host = "127.0.0.1", .port = mao_test::free_port(), .launcher = "this test"};
    const C10dWorkers workers(launch, at::Device(at::kCPU), std::chrono::seconds(1), std::move(should_stop));
  };
  CHECK_THROWS_WITH(first({}), ContainsSubstring("process 1 has not come"));
  CHECK_THROWS_AS(first([] { return true; }), StoppedWaiting);
}

TEST_CASE("a process that stops outside of a sum stops one that waits in a sum", "[c10d_workers]") {
  const int port = mao_test::free_port();
  const auto work = [=](int rank) -> std::string {
    std::atomic<bool> stopped{false};
    C10dWorkers workers(
        {.rank = rank, .count = 2, .host = "127.0.0.1", .port = port, .launcher = "this test"}, at::Device(at::kCPU),
        std::chrono::minutes(5), [&] { return stopped.load(); }, [&] { stopped = true; });
    Tensor values = at::arange(10, at::kFloat);
    workers.sum(values);
    if (rank == 1) {
      stopped = true;
      return "stopped";
    }
    try {
      workers.sum(values);
    } catch (const StoppedWaiting& error) {
      return error.what();
    }
    return "";
  };
  auto other = std::async(std::launch::async, work, 1);
  CHECK(work(0) ==
        "stopped while process 0 of 2 waited for process 1, which has stopped; the same command resumes from the last "
        "complete epoch");
  CHECK(other.get() == "stopped");
}

#endif
