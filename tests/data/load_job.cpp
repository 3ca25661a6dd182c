// SPDX-License-Identifier: Apache-2.0
#include <mao/data/detail/load_job.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>
#include <thread>

using mao::detail::LoadJob;

namespace {

std::vector<mao::View> some_views(std::size_t count) {
  std::vector<mao::View> views;
  for (std::size_t i = 0; i < count; ++i) views.push_back({static_cast<std::int64_t>(i % 7), i, i % 2 == 0});
  return views;
}

}  // namespace

TEST_CASE("each view is taken once, by any number of threads, and lands in its place", "[load_job]") {
  constexpr std::size_t count = 200, floats = 3;
  LoadJob job(some_views(count), floats);
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> workers;
    for (int worker = 0; worker < 4; ++worker) {
      workers.emplace_back([&] {
        while (const auto item = job.take()) {
          for (std::size_t i = 0; i < floats; ++i) job.pixels(*item)[i] = static_cast<float>(floats * *item + i);
          ++taken;
          job.finish(*item, nullptr);
        }
      });
    }
    job.wait();
  }
  CHECK(taken == static_cast<int>(count));
  CHECK(job.all_taken());
  CHECK_FALSE(job.take().has_value());
  const auto out = job.pixels();
  for (std::size_t i = 0; i < count * floats; ++i) REQUIRE(out[i] == static_cast<float>(i));
}

TEST_CASE("of several errors that of the first view comes out, whatever the order of finishing", "[load_job]") {
  for (const bool backwards : {false, true}) {
    LoadJob job(some_views(4), 1);
    while (job.take()) {
    }
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t item = backwards ? 3 - i : i;
      const auto error =
          item == 0 ? nullptr : std::make_exception_ptr(std::runtime_error("view " + std::to_string(item)));
      job.finish(item, error);
    }
    job.wait();
    CHECK_THROWS_WITH(job.pixels(), "view 1");
  }
}

TEST_CASE("a job is for its very views: image, key, augmentation and order", "[load_job]") {
  const LoadJob job(some_views(3), 1);
  CHECK(job.is_for(some_views(3)));
  CHECK_FALSE(job.is_for(some_views(2)));
  for (int change = 0; change < 4; ++change) {
    auto views = some_views(3);
    if (change == 0) views[1].image += 1;
    if (change == 1) views[1].key += 1;
    if (change == 2) views[1].augment = !views[1].augment;
    if (change == 3) std::swap(views[0], views[2]);
    CHECK_FALSE(job.is_for(views));
  }
}
