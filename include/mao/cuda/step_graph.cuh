// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A step recorded once as a CUDA graph and replayed: one launch instead of hundreds. The raw runtime API, without
/// ATen.
///
/// What is recorded are the launches on one stream with the pointers they were given. So all buffers must be there
/// before the recording, stay where they are, and be filled anew before each replay. A step that allocates through
/// LibTorch must be recorded with LibTorch's own at::cuda::CUDAGraph instead: its allocator hands a block that is freed
/// within a recording to the next tensor, and only that class tells it to keep the blocks of a recording apart.

#include <cuda_runtime_api.h>

#include <map>
#include <utility>

#include <mao/core/error.hpp>
#include <mao/cuda/buckets.hpp>

namespace mao::cuda {

namespace detail {

inline void expect_success(cudaError_t status, const char* what) {
  require(status == cudaSuccess, "CUDA graph: ", what, " failed: ", cudaGetErrorString(status));
}

}  // namespace detail

/// One recorded step.
class StepGraph {
 public:
  StepGraph() = default;
  StepGraph(StepGraph&& other) noexcept : recorded_(std::exchange(other.recorded_, nullptr)) {}
  StepGraph& operator=(StepGraph other) noexcept {
    std::swap(recorded_, other.recorded_);
    return *this;
  }
  ~StepGraph() {
    if (recorded_ != nullptr) cudaGraphExecDestroy(recorded_);
  }

  [[nodiscard]] bool recorded() const { return recorded_ != nullptr; }

  /// Records what `step()` launches on `stream` (not the default one), without running it.
  ///
  /// **Throws** `Error` when something in the step cannot be recorded: an allocation, a synchronisation, a copy to the
  /// host.
  template <class Step>
  void record(cudaStream_t stream, Step&& step) {
    detail::expect_success(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "starting to record");
    cudaGraph_t graph = nullptr;
    try {
      std::forward<Step>(step)();
    } catch (...) {
      cudaStreamEndCapture(stream, &graph);
      if (graph != nullptr) cudaGraphDestroy(graph);
      throw;
    }
    detail::expect_success(cudaStreamEndCapture(stream, &graph), "recording the step");
    cudaGraphExec_t made = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&made, graph, 0);
    cudaGraphDestroy(graph);
    detail::expect_success(status, "instantiating the step");
    StepGraph fresh;
    fresh.recorded_ = made;
    *this = std::move(fresh);
  }

  /// **Throws** `Error` when nothing was recorded.
  void replay(cudaStream_t stream) const {
    require(recorded(), "CUDA graph: replay() before record()");
    detail::expect_success(cudaGraphLaunch(recorded_, stream), "replaying the step");
  }

 private:
  cudaGraphExec_t recorded_ = nullptr;
};

/// A recording for each bucket of sizes (cuda/buckets.hpp).
class StepGraphs {
 public:
  /// Runs `step()`: the first time in a bucket as it is (what is made on first use gets made), the second time recorded
  /// and replayed, from then on replayed.
  template <class Step>
  void run(const Bucket& bucket, cudaStream_t stream, Step&& step) {
    Entry& entry = entries_[bucket];
    if (!std::exchange(entry.warm, true)) {
      std::forward<Step>(step)();
      return;
    }
    if (!entry.graph.recorded()) entry.graph.record(stream, std::forward<Step>(step));
    entry.graph.replay(stream);
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    bool warm = false;
    StepGraph graph;
  };
  std::map<Bucket, Entry> entries_;
};

}  // namespace mao::cuda
