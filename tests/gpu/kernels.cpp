// SPDX-License-Identifier: Apache-2.0
// Every kernel on a GPU against the same function on the host. The memory is allocated here, so LibTorch's CUDA part is
// not needed.
#include <ATen/ops/empty_like.h>
#include <cuda_runtime_api.h>

#include <vector>

#include <mao/kernels/cuda/attention.hpp>
#include <mao/kernels/cuda/attention_backward.cuh>
#include <mao/kernels/cuda/row_kernels.cuh>
#include <mao/kernels/cuda/row_kernels.hpp>

#include <ATen/ops/full.h>

#include "../cuda/compare.hpp"

#include <support/catch.hpp>

using namespace mao;
using namespace mao::cuda;
using mao_test::distance;
using mao_test::random;

namespace {

/// Empty when there is a device, otherwise why there is none.
std::string no_device() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return {};
  return text_of("no CUDA device (", status == cudaSuccess ? "none found" : cudaGetErrorString(status), ")");
}

void check(cudaError_t status) {
  INFO(cudaGetErrorString(status));
  REQUIRE(status == cudaSuccess);
}

/// Tensors copied to the device, and one stream.
class Device {
 public:
  Device() { check(cudaStreamCreate(&stream_)); }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() {
    for (void* block : blocks_) cudaFree(block);
    cudaStreamDestroy(stream_);
  }

  template <class T>
  T* copy(const T* values, std::int64_t count) {
    if (values == nullptr) return nullptr;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    void* block = nullptr;
    check(cudaMalloc(&block, bytes + 1));
    blocks_.push_back(block);
    check(cudaMemcpy(block, values, bytes, cudaMemcpyHostToDevice));
    return static_cast<T*>(block);
  }
  template <class T>
  T* copy(const Tensor& tensor) {
    const Tensor whole = tensor.contiguous();
    return copy(pointer<T>(whole), whole.numel());
  }
  /// What lies at `from`, shaped and typed as `like`.
  Tensor back(const void* from, const Tensor& like) {
    Tensor result = at::empty_like(like.contiguous());
    check(cudaStreamSynchronize(stream_));
    check(cudaMemcpy(result.data_ptr(), from, result.nbytes(), cudaMemcpyDeviceToHost));
    return result;
  }
  template <class Work>
  void run(const Work& work) {
    launcher<Work>(work, stream_);
  }
  [[nodiscard]] cudaStream_t stream() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
  std::vector<void*> blocks_;
};

template <class T>
constexpr at::ScalarType dtype_of = std::is_same_v<T, float> ? at::kFloat : at::kBFloat16;

/// Both round to the same storage type, but exp and the order of sums differ.
template <class T>
constexpr double allowed = std::is_same_v<T, float> ? 1e-5 : 5e-3;

template <class T>
void check_row_kernels() {
  Device device;
  const Tensor x = random({37, 512}, 1), weight = random({512}, 2), bias = random({512}, 3);
  const Tensor given = random({37, 512}, 4, dtype_of<T>), around = random({37, 512}, 5);
  const NormedRows normed = layer_norm_forward(x, weight, bias, dtype_of<T>);
  LayerNormForward<float, T> forward{device.copy<float>(x),
                                     device.copy<float>(weight),
                                     device.copy<float>(bias),
                                     device.copy<T>(given),
                                     device.copy<float>(normed.mean),
                                     device.copy<float>(normed.rstd),
                                     37,
                                     512};
  device.run(forward);
  CHECK(distance(device.back(forward.y, normed.y), normed.y) < allowed<T>);
  LayerNormBackward<float, T> backward{device.copy<T>(given), forward.x,    forward.weight,
                                       forward.mean,          forward.rstd, device.copy<float>(around),
                                       device.copy<float>(x), 37,           512};
  device.run(backward);
  const Tensor gradient = layer_norm_backward(given, x, weight, normed, around);
  CHECK(distance(device.back(backward.x_gradient, gradient), gradient) < 1e-5);

  const Tensor hidden = random({1001}, 6, dtype_of<T>), hidden_given = random({1001}, 7, dtype_of<T>);
  QuickGeluForward<T> gelu{device.copy<T>(hidden), device.copy<T>(hidden), 1001};
  device.run(gelu);
  const Tensor activated = quick_gelu_forward(hidden), slope = quick_gelu_backward(hidden_given, hidden);
  CHECK(distance(device.back(gelu.y, activated), activated) < allowed<T>);
  QuickGeluBackward<T> gelu_back{gelu.x, device.copy<T>(hidden_given), gelu.y, 1001};
  device.run(gelu_back);
  CHECK(distance(device.back(gelu.y, slope), slope) < allowed<T>);
}

AttentionLayout copied(Device& device, const AttentionLayout& host, std::int64_t rows) {
  AttentionLayout layout = host;
  layout.row = device.copy(host.row, host.suffix);
  layout.offsets = device.copy(host.offsets, rows + 1);
  layout.group = device.copy(host.group, rows);
  layout.group_tokens = device.copy(host.group_tokens, host.group_offsets[host.groups]);
  layout.group_offsets = device.copy(host.group_offsets, host.groups + 1);
  return layout;
}

template <class T>
void check_attention() {
  Device device;
  const PackedRows rows{.groups = 2, .prefix = 5, .offsets = {0, 3, 4, 11, 12}, .group = {1, 0, 1, 1}, .suffix = 16};
  const std::int64_t tokens = 26, width = 3 * 64, m = 2;
  const auto dtype = dtype_of<T>;
  const AttentionTensors host{random({tokens, width}, 1, dtype), random({tokens, width}, 2, dtype),
                              random({tokens, width}, 3, dtype), random({m, width}, 4, dtype),
                              random({m, width}, 5, dtype),      3};
  const auto layout = PackedAttention::of(rows, at::kCPU);
  const Tensor given = random({tokens, width}, 6, dtype);
  const AttendedRows expected = attention_forward(host, layout);
  const AttentionGradients gradients = attention_backward(given, host, expected, layout);

  auto in = mao::cuda::detail::input_of<T>(host, layout);
  in.layout = copied(device, in.layout, 4);
  in.q.data = device.copy<T>(host.q);
  in.k.data = device.copy<T>(host.k);
  in.v.data = device.copy<T>(host.v);
  in.attended_k.data = device.copy<T>(host.attended_k);
  in.attended_v.data = device.copy<T>(host.attended_v);
  const auto place = [&](const Tensor& like) { return HeadRows<T>{device.copy<T>(like), width}; };
  const HeadRows<T> out = place(given), q = place(given), k = place(given), v = place(given);
  const HeadRows<T> more_k = place(host.attended_k), more_v = place(host.attended_v);
  auto* const log_sum = device.copy<float>(at::full({tokens, 3}, 7.0F));
  auto* const inner = device.copy<float>(at::full({tokens, 3}, 7.0F));
  const std::int64_t shared = m + 2 * 5;
  auto* const partial = device.copy<float>(at::full({3, shared, 2, width}, 7.0F));
  device.run(AttentionForward<T>{in, out, log_sum});
  CHECK(distance(device.back(out.data, expected.out), expected.out) < allowed<T>);
  CHECK(distance(device.back(log_sum, expected.log_sum), expected.log_sum) < allowed<T>);
  const AttentionSaved<T> saved{in, {out.data, width}, {device.copy<T>(given), width}, log_sum};
  device.run(AttentionQueryGradient<T>{saved, q, inner});
  device.run(AttentionKeyGradient<T>{saved, inner, k, v, partial, 3});
  device.run(AttentionSharedGradient<T>{partial, 3, 3, 64, m, shared, k, v, more_k, more_v});
  CHECK(distance(device.back(q.data, gradients.q), gradients.q) < allowed<T>);
  CHECK(distance(device.back(k.data, gradients.k), gradients.k) < allowed<T>);
  CHECK(distance(device.back(v.data, gradients.v), gradients.v) < allowed<T>);
  CHECK(distance(device.back(more_k.data, gradients.attended_k), gradients.attended_k) < allowed<T>);
  CHECK(distance(device.back(more_v.data, gradients.attended_v), gradients.attended_v) < allowed<T>);
}

}  // namespace

TEST_CASE("every kernel is entered in the table of a program that links them") {
  const c10::Device device(at::kCUDA, 0);
  CHECK(can_run<AttentionForward<float>>(device));
  CHECK(can_run<AttentionQueryGradient<Bf16>>(device));
  CHECK(can_run<AttentionKeyGradient<Bf16>>(device));
  CHECK(can_run<AttentionSharedGradient<float>>(device));
  CHECK(can_run<LayerNormForward<float, Bf16>>(device));
  CHECK(can_run<LayerNormBackward<Bf16, Bf16>>(device));
  CHECK(can_run<QuickGeluForward<Bf16>>(device));
  CHECK(can_run<QuickGeluBackward<float>>(device));
}

TEST_CASE("layer norm and quick gelu on a GPU") {
  MAO_SKIP_UNLESS(no_device().empty(), no_device());
  check_row_kernels<float>();
  check_row_kernels<Bf16>();
}

TEST_CASE("packed attention on a GPU") {
  MAO_SKIP_UNLESS(no_device().empty(), no_device());
  check_attention<float>();
  check_attention<Bf16>();
}
