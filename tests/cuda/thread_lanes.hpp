// SPDX-License-Identifier: Apache-2.0
#pragma once
// A warp on the host: 32 threads that meet in every reduction, so that the loops over lanes are tested as a GPU runs
// them.
#include <array>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include <mao/kernels/cuda/lanes.cuh>

namespace mao_test {

class ThreadLanes {
 public:
  static constexpr int count = 32;
  struct Meeting {
    std::barrier<> all{count};
    std::array<float, count> values{};
  };

  ThreadLanes(int id, Meeting& meeting) : id_(id), meeting_(&meeting) {}

  [[nodiscard]] int id() const { return id_; }
  [[nodiscard]] float sum(float value) const {
    return reduced(value, [](float a, float b) { return a + b; });
  }
  [[nodiscard]] float max(float value) const {
    return reduced(value, [](float a, float b) { return a > b ? a : b; });
  }

 private:
  /// In the order of a warp's butterfly.
  template <class Function>
  float reduced(float value, Function function) const {
    meeting_->values[static_cast<std::size_t>(id_)] = value;
    meeting_->all.arrive_and_wait();
    std::array<float, count> values = meeting_->values;
    meeting_->all.arrive_and_wait();
    for (std::size_t other = count / 2; other > 0; other /= 2) {
      const auto before = values;
      for (std::size_t i = 0; i < count; ++i) values[i] = function(before[i], before[i ^ other]);
    }
    return values[static_cast<std::size_t>(id_)];
  }

  int id_;
  Meeting* meeting_;
};

/// Every item of the work, by one such warp.
template <class Work>
void run_with_threads(const Work& work) {
  ThreadLanes::Meeting meeting;
  std::vector<std::jthread> threads;
  for (int id = 0; id < ThreadLanes::count; ++id) {
    threads.emplace_back([&, id] {
      for (std::int64_t item = 0; item < work.items(); ++item) work(ThreadLanes(id, meeting), item);
    });
  }
}

}  // namespace mao_test
