// SPDX-License-Identifier: Apache-2.0
// The one source of the kernels. A program that is to use them on a GPU compiles it with nvcc (mao_cuda_kernels(TARGET)
// in CMake does) and links the object, which enters each kernel in the table that the headers look in.
#include <mao/core/error.hpp>
#include <mao/kernels/cuda/attention_backward.cuh>
#include <mao/kernels/cuda/row_kernels.cuh>

namespace mao::cuda {
namespace {

template <class Work>
void launch_or_throw(const Work& work, Stream stream) {
  const cudaError_t status = launch(work, stream);
  require(status == cudaSuccess, "mao's CUDA kernels: the launch failed: ", cudaGetErrorString(status),
          "; they are built for compute capability 8.0, 9.0 and 10.0 unless CMAKE_CUDA_ARCHITECTURES says otherwise");
}

template <class... Works>
bool enter() {
  ((launcher<Works> = launch_or_throw<Works>), ...);
  return true;
}

template <class T>
bool enter_for_storage() {
  return enter<AttentionForward<T>, AttentionQueryGradient<T>, AttentionKeyGradient<T>, AttentionSharedGradient<T>,
               LayerNormForward<float, T>, LayerNormBackward<float, T>, QuickGeluForward<T>, QuickGeluBackward<T>>();
}

const bool entered = enter_for_storage<float>() && enter_for_storage<Bf16>() &&
                     enter<LayerNormForward<Bf16, Bf16>, LayerNormBackward<Bf16, Bf16>>();

}  // namespace
}  // namespace mao::cuda
