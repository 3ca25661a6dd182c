// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Recordings of the text pass (models/detail/recorded_text_pass.hpp) as CUDA graphs of LibTorch, whose allocator keeps the
/// memory of a recording apart. Needs LibTorch's CUDA part and the CUDA toolkit's headers, no nvcc.

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <mao/models/detail/recorded_text_pass.hpp>

namespace mao::cuda {

/// One recording of launches. Recordings of all threads are made one after the other, on one stream a device.
class StepGraph {
 public:
  explicit StepGraph(c10::Device device) : device_(device) {}
  StepGraph(const StepGraph&) = delete;
  StepGraph& operator=(const StepGraph&) = delete;

  /// Runs the work where recordings are made.
  void warm_up(const std::function<void()>& work) const { beside(work); }

  /// **Throws** `Error` when something in the work cannot be recorded: a synchronisation, a copy to the host, memory
  /// that is not there.
  void record(const std::function<void()>& work) {
    graph_ = std::make_unique<at::cuda::CUDAGraph>();
    beside([&] {
      make_handles();
      c10::cuda::CUDACachingAllocator::emptyCache();  // while it records the allocator cannot
      const auto pool = at::cuda::graph_pool_handle();
      // Other threads may allocate and copy meanwhile.
      graph_->capture_begin(pool, cudaStreamCaptureModeThreadLocal);
      try {
        work();
        graph_->capture_end();
      } catch (const std::exception& failed) {
        give_up(pool);
        throw Error(text_of("a text pass cannot be recorded as a CUDA graph: ", failed.what()));
      }
    });
  }

  /// On the current stream.
  void replay() { graph_->replay(); }

 private:
  /// A handle of cuBLAS for this thread, which cannot be made within a recording.
  void make_handles() const {
    const Tensor one = at::ones({1, 1}, at::TensorOptions(device_));
    static_cast<void>(at::mm(one, one));
  }

  /// Ends a recording that failed. Where even that fails LibTorch's allocator still refers to the graph, which
  /// therefore stays.
  void give_up(const at::cuda::MempoolId_t& pool) {
    try {
      graph_->capture_end();
      graph_.reset();
    } catch (const std::exception&) {
      c10::cuda::CUDACachingAllocator::endAllocateToPool(device_.index(), pool);
      c10::cuda::CUDACachingAllocator::releasePool(device_.index(), pool);
      static_cast<void>(graph_.release());
    }
  }

  static std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
  }
  /// Under that mutex.
  static c10::cuda::CUDAStream stream_of(c10::DeviceIndex device) {
    static std::map<c10::DeviceIndex, c10::cuda::CUDAStream> streams;
    return streams.try_emplace(device, c10::cuda::getStreamFromPool(false, device)).first->second;
  }

  /// On a stream that waits for the current one and is waited for.
  void beside(const std::function<void()>& work) const {
    const std::lock_guard lock(one_at_a_time());
    const c10::cuda::CUDAStream here = c10::cuda::getCurrentCUDAStream(device_.index()),
                                there = stream_of(device_.index());
    at::cuda::CUDAEvent before, after;
    before.record(here);
    before.block(there);
    {
      const c10::cuda::CUDAStreamGuard guard(there);
      work();
    }
    after.record(there);
    after.block(here);
  }

  c10::Device device_;
  std::unique_ptr<at::cuda::CUDAGraph> graph_;
};

namespace detail {

/// Never destroyed: when the program ends the driver may be gone first.
inline RecordedTextPasses<StepGraph>& recorded_text_passes() {
  static auto* const all = new RecordedTextPasses<StepGraph>();
  return *all;
}
inline Tensor encode_recorded(const std::vector<Block>& blocks, const TextBatch& batch, const BlockPrompts& prompts,
                              const Tensor& prefix, const Tensor& suffix) {
  return recorded_text_passes().encode(blocks, batch, prompts, prefix, suffix);
}
inline const DeviceTextPass recorded_text_pass{&TextPass::can_take, &encode_recorded};

}  // namespace detail

/// From here on `TextTower` records its passes on a GPU and replays them, on one stream.
inline void record_text_passes() { registered_text_pass() = &detail::recorded_text_pass; }

/// Drops all recordings and their memory, as after the last pass of a tower.
inline void forget_text_passes() { detail::recorded_text_passes().clear(); }

}  // namespace mao::cuda
