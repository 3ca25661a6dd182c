// SPDX-License-Identifier: Apache-2.0
#pragma once
// Workers that are threads of one process, for tests of what workers share.
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include <mao/core/detail/ops.hpp>
#include <mao/parallel/workers.hpp>

namespace mao_test {

/// Where threads meet to add up.
class Meeting {
 public:
  explicit Meeting(int count) : count_(count) {}

  mao::Tensor sum(int rank, const mao::Tensor& values) {
    std::unique_lock lock(mutex_);
    parts_.resize(static_cast<std::size_t>(count_));
    parts_[static_cast<std::size_t>(rank)] = values;
    const int meeting = meetings_;
    if (++arrived_ == count_) {
      total_ = parts_[0].clone();
      for (std::size_t i = 1; i < parts_.size(); ++i) total_.add_(parts_[i]);
      arrived_ = 0;
      ++meetings_;
      everyone_.notify_all();
    } else if (!everyone_.wait_for(lock, std::chrono::seconds(120), [&] { return meetings_ != meeting; })) {
      throw std::runtime_error("a worker did not come to add up");
    }
    return total_.clone();
  }

  [[nodiscard]] int count() const { return count_; }

 private:
  int count_, arrived_ = 0, meetings_ = 0;
  std::mutex mutex_;
  std::condition_variable everyone_;
  std::vector<mao::Tensor> parts_;
  mao::Tensor total_;
};

class ThreadWorkers final : public mao::Workers {
 public:
  ThreadWorkers(std::shared_ptr<Meeting> meeting, int rank) : meeting_(std::move(meeting)), rank_(rank) {}
  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int count() const override { return meeting_->count(); }
  void sum(mao::Tensor& values) override { values.copy_(meeting_->sum(rank_, values.clone())); }

 private:
  std::shared_ptr<Meeting> meeting_;
  int rank_;
};

/// What `work(workers)` gives in each of `count` threads that train together, by rank.
template <class WorkT>
auto in_threads(int count, WorkT&& work) {
  const auto meeting = std::make_shared<Meeting>(count);
  std::vector<decltype(std::async(work, std::shared_ptr<mao::Workers>()))> running;
  for (int rank = 0; rank < count; ++rank) {
    running.push_back(
        std::async(std::launch::async, work, std::shared_ptr<mao::Workers>(new ThreadWorkers(meeting, rank))));
  }
  std::vector<decltype(running.front().get())> results;
  for (auto& one : running) results.push_back(one.get());
  return results;
}

}  // namespace mao_test
