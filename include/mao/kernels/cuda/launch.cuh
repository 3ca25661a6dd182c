// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// How work gets to where it runs: on the host by a loop, on a GPU by a launcher that kernels/cuda/kernels.cu registers.
///
/// Work is a plain struct of pointers and sizes with `items()`, the number of pieces it falls into, and
/// `operator()(lanes, item)`, which does one of them with a group of lanes.

#include <cstdint>

#include <mao/kernels/cuda/lanes.cuh>

struct CUstream_st;

namespace mao::cuda {

using Stream = CUstream_st*;  ///< the same type as cudaStream_t, without a CUDA header

template <class Work>
using Launcher = void (*)(const Work& work, Stream stream);

/// Starts work on the GPU; null in a program that does not contain kernels/cuda/kernels.cu (`mao_cuda_kernels` in CMake).
template <class Work>
inline Launcher<Work> launcher = nullptr;

/// Every item, one after the other.
template <class Work>
void run_on_host(const Work& work) {
  for (std::int64_t item = 0; item < work.items(); ++item) work(OneLane{}, item);
}

#ifdef __CUDACC__
template <class Work>
__global__ void run_items(Work work) {
  const std::int64_t item = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / WarpLanes::count;
  if (item < work.items()) work(WarpLanes{}, item);  // a warp works on one item, so all its lanes are in or out
}

/// One warp an item.
template <class Work>
cudaError_t launch(const Work& work, cudaStream_t stream) {
  constexpr int warps = 4;
  if (work.items() == 0) return cudaSuccess;
  const auto blocks = static_cast<unsigned>((work.items() + warps - 1) / warps);
  run_items<<<blocks, warps * WarpLanes::count, 0, stream>>>(work);
  return cudaGetLastError();
}
#endif

}  // namespace mao::cuda
