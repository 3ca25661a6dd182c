// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The tensor part that all kernels share: which storage type, which stream, and whether the program has the kernels.

#include <string>

#include <c10/core/DeviceGuard.h>

#include <mao/core/error.hpp>
#include <mao/core/tensor.hpp>
#include <mao/kernels/cuda/launch.cuh>

namespace mao::cuda {

/// LibTorch's current stream of a CUDA device.
///
/// **Throws** `c10::Error` when LibTorch's CUDA part is older than the call that asks for it.
Stream current_stream(const c10::Device& device);

/// Does the work where the tensors lie: at once on a CPU (one item after the other: slow, for tests), on the current
/// stream of a CUDA device.
///
/// **Throws** `OptionError` when the program lacks the kernel or the device is neither of the two.
template <class Work>
void run(const Work& work, const c10::Device& device) {
  if (device.is_cpu()) {
    run_on_host(work);
    return;
  }
  require<OptionError>(device.is_cuda(), "mao's CUDA kernels: the tensors are on device ", device.str(),
                       ", expected a CUDA device (or the CPU, for tests)");
  require<OptionError>(launcher<Work> != nullptr, "mao's CUDA kernels are not in this program: it was built without a ",
                       "CUDA toolkit or without mao_cuda_kernels(TARGET) in CMake; LibTorch's own functions work");
  const c10::DeviceGuard guard(device);
  launcher<Work>(work, current_stream(device));
}

/// Whether `run` can do `Work` on tensors of that device.
template <class Work>
[[nodiscard]] bool can_run(const c10::Device& device) {
  return device.is_cpu() || (device.is_cuda() && launcher<Work> != nullptr);
}

/// A value of the storage type that stands for a dtype, or an undefined pointer to deduce it from.
///
/// Calls `function(static_cast<T*>(nullptr))` with T = float or Bf16. **Throws** `ShapeError` for other dtypes.
template <class Function>
auto with_storage(const Tensor& tensor, const std::string& what, Function function) {
  const auto dtype = tensor.scalar_type();
  require<ShapeError>(dtype == at::kFloat || dtype == at::kBFloat16, what, " has dtype ", c10::toString(dtype),
                      ", expected Float or BFloat16");
  return dtype == at::kFloat ? function(static_cast<float*>(nullptr)) : function(static_cast<Bf16*>(nullptr));
}

/// What `tensor` holds, as kernels take it.
template <class T>
[[nodiscard]] T* pointer(const Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

/// Throws a `ShapeError` unless `value` has the shape, and the dtype and device of `like`. Extents as in
/// `expect_shape`.
void expect_like(const Tensor& value, at::IntArrayRef shape, const Tensor& like, const std::string& what);

}  // namespace mao::cuda

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/kernels/cuda/impl/launch.ipp>
#endif
