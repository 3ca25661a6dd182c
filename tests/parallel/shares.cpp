// SPDX-License-Identifier: Apache-2.0
#include <mao/parallel/shares.hpp>

#include <support/thread_workers.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao_test::in_threads;

TEST_CASE("shares are contiguous, cover the batch once and differ by one image at most", "[shares]") {
  for (int count = 1; count <= 5; ++count) {
    for (std::int64_t images = 1; images <= 12; ++images) {
      const auto shares = in_threads(
          count, [images](const std::shared_ptr<Workers>& workers) { return share_of(images, workers.get()); });
      std::int64_t next = 0, least = images, most = 0;
      for (const Share& share : shares) {
        CHECK(share.size() >= 1);  // also where another one counts it
        if (!share.counts) continue;
        CHECK(share.begin == next);
        next = share.end;
        least = std::min(least, share.size());
        most = std::max(most, share.size());
      }
      CHECK(next == images);
      CHECK(most - least <= 1);
    }
  }
  CHECK(share_of(5, nullptr).size() == 5);
}

TEST_CASE("a part has the rows of its images", "[shares]") {
  const Batch batch{.images = {7, 8, 9}, .labels = {0, 1, 2}, .weights = {1, 0, 1}, .targets = {1, 0, 0, 1, 0.5, 0.5}};
  const Batch part = part_of(batch, {.begin = 1, .end = 3, .whole = 3});
  CHECK(part.images == std::vector<std::int64_t>{8, 9});
  CHECK(part.labels == std::vector<std::int64_t>{1, 2});
  CHECK(part.weights == std::vector<float>{0, 1});
  CHECK(part.targets == std::vector<float>{0, 1, 0.5, 0.5});
  CHECK(part_of(Batch{.images = {7}, .labels = {}, .weights = {}}, {.end = 1, .whole = 1}).labels.empty());
}

TEST_CASE("what each worker labels comes together; losses count by weight, own terms by number", "[shares]") {
  const auto gathered = in_threads(3, [](const std::shared_ptr<Workers>& workers) {
    Batch whole{.images = {4, 5, 6, 7}, .labels = {}, .weights = {}};
    const Share share = share_of(whole.size(), workers.get());
    Batch part = part_of(whole, share);
    for (const std::int64_t image : part.images) {
      part.labels.push_back(image * 10);
      for (const float target : {0.25F, static_cast<float>(image)}) part.targets.push_back(target);
    }
    if (workers->rank() == 2) part.weights = {0, 1};  // the others are sure of theirs
    gather_labels(whole, part, share, workers.get());
    return std::pair(whole, loss_share(whole, share));
  });
  for (const auto& [whole, counts] : gathered) {
    CHECK(whole.labels == std::vector<std::int64_t>{40, 50, 60, 70});
    CHECK(whole.weights == std::vector<float>{1, 1, 0, 1});
    CHECK(whole.targets == std::vector<float>{0.25F, 4, 0.25F, 5, 0.25F, 6, 0.25F, 7});
    CHECK(trains(whole));
  }
  CHECK(gathered[2].second.task == Approx(1.0 / 3));
  CHECK(gathered[2].second.auxiliary == Approx(0.5));
  CHECK_FALSE(trains({.images = {0}, .labels = {0}, .weights = {0}}));
  CHECK(loss_share({.images = {0}, .labels = {0}, .weights = {}}, share_of(1, nullptr)).task == 1);
}

TEST_CASE("the parts of a shared batch have its images, and their sums are its loss", "[shares]") {
  for (const int count : {1, 2, 3}) {
    const auto totals = in_threads(count, [](const std::shared_ptr<Workers>& workers) {
      Batch whole{.images = {4, 5, 6, 7}, .labels = {}, .weights = {}};
      SharedBatch shared(whole, workers.get());
      Batch labelled = shared.part();
      for (const std::int64_t image : labelled.images) labelled.labels.push_back(image - 4);
      shared.gather_labels(std::move(labelled));
      return std::pair(whole.labels, shared.sums(2.0 * shared.counts().task, 0.5));
    });
    for (const auto& [labels, sums] : totals) {
      CHECK(labels == std::vector<std::int64_t>{0, 1, 2, 3});
      CHECK(sums.first == Approx(2));
      CHECK(sums.second == Approx(0.5));
    }
  }
}
