// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Recordings of the text pass (cuda/recorded_text_pass.hpp) as CUDA graphs of LibTorch, whose allocator keeps the
/// memory of a recording apart. Needs LibTorch's CUDA part and the CUDA toolkit's headers, no nvcc.

#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <mao/cuda/recorded_text_pass.hpp>

namespace mao::cuda {

/// One recording of launches.
class StepGraph {
 public:
  explicit StepGraph(c10::Device device) : there_(c10::cuda::getStreamFromPool(false, device.index())) {}

  /// Runs the work on a stream of its own, as a recording wants it before it begins.
  void warm_up(const std::function<void()>& work) const { beside(work); }

  /// **Throws** `Error` when something in the work cannot be recorded: a synchronisation, a copy to the host.
  void record(const std::function<void()>& work) {
    graph_ = std::make_unique<at::cuda::CUDAGraph>();
    beside([&] {
      // Other threads may allocate and copy meanwhile.
      graph_->capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
      try {
        work();
      } catch (const std::exception& failed) {
        give_up();
        throw Error(text_of("the text pass cannot be recorded as a CUDA graph: ", failed.what(),
                            "; run it without graphs (leave out --cuda-graphs)"));
      }
      graph_->capture_end();
    });
  }

  /// On the current stream.
  void replay() { graph_->replay(); }

 private:
  /// Ends a recording that failed, which itself is reported as a failure.
  void give_up() {
    try {
      graph_->capture_end();
    } catch (const std::exception&) {
    }
    graph_.reset();
  }

  /// On another stream, which waits for the current one and is waited for.
  void beside(const std::function<void()>& work) const {
    const c10::cuda::CUDAStream here = c10::cuda::getCurrentCUDAStream(there_.device_index());
    at::cuda::CUDAEvent before, after;
    before.record(here);
    before.block(there_);
    {
      const c10::cuda::CUDAStreamGuard guard(there_);
      work();
    }
    after.record(there_);
    after.block(here);
  }

  c10::cuda::CUDAStream there_;
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

/// From here on `TextTower` records its passes on a GPU and replays them.
inline void record_text_passes() { registered_text_pass() = &detail::recorded_text_pass; }

}  // namespace mao::cuda
