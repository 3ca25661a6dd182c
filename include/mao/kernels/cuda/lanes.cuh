// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// What the kernels are written in: functions that compile for the GPU and for the host, a group of lanes that works
/// together (a warp there, one lane here), and the two storage types. No ATen, and no CUDA header on the host.

#include <cmath>
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define MAO_HOST_DEVICE __host__ __device__
#else
#define MAO_HOST_DEVICE
#endif

namespace mao::cuda {

/// A bfloat16 as it lies in memory; all arithmetic is done in fp32.
struct Bf16 {
  std::uint16_t bits;
};

MAO_HOST_DEVICE inline float to_float(float value) { return value; }

MAO_HOST_DEVICE inline float to_float(Bf16 value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

MAO_HOST_DEVICE inline void store(float& place, float value) { place = value; }

/// Rounds to the nearest, ties to even, as LibTorch does; what is not a number stays one.
MAO_HOST_DEVICE inline void store(Bf16& place, float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const bool not_a_number = (bits & 0x7FFFFFFFU) > 0x7F800000U;
  const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16;
  place.bits = static_cast<std::uint16_t>(not_a_number ? 0x7FC0U : rounded);
}

/// A group of one: the host runs every kernel with it.
struct OneLane {
  static constexpr int count = 1;
  [[nodiscard]] MAO_HOST_DEVICE int id() const { return 0; }
  [[nodiscard]] MAO_HOST_DEVICE float sum(float value) const { return value; }
  [[nodiscard]] MAO_HOST_DEVICE float max(float value) const { return value; }
};

#ifdef __CUDACC__
/// The 32 lanes of a warp. All of them must reach every `sum` and `max`.
struct WarpLanes {
  static constexpr int count = 32;
#ifdef __CUDA_ARCH__
  [[nodiscard]] __device__ int id() const { return static_cast<int>(threadIdx.x % 32); }
  [[nodiscard]] __device__ float sum(float value) const {
    for (int other = 16; other > 0; other /= 2) value += __shfl_xor_sync(0xFFFFFFFFU, value, other);
    return value;
  }
  [[nodiscard]] __device__ float max(float value) const {
    for (int other = 16; other > 0; other /= 2) value = fmaxf(value, __shfl_xor_sync(0xFFFFFFFFU, value, other));
    return value;
  }
#else
  [[nodiscard]] MAO_HOST_DEVICE int id() const { return 0; }
  [[nodiscard]] MAO_HOST_DEVICE float sum(float value) const { return value; }
  [[nodiscard]] MAO_HOST_DEVICE float max(float value) const { return value; }
#endif
};
#endif

/// A vector of up to `most` channels spread over the lanes: lane i holds the channels i, i + count, ...
template <class Lanes>
class Channels {
 public:
  static constexpr int most = 128;

  MAO_HOST_DEVICE Channels(Lanes lanes, int width) : lanes_(lanes), width_(width) {
    for (int i = 0; i < held; ++i) value_[i] = 0;
  }

  template <class T>
  MAO_HOST_DEVICE Channels(Lanes lanes, int width, const T* from) : Channels(lanes, width) {
    each([&](int channel, float& value) { value = to_float(from[channel]); });
  }

  /// The inner product with `other`, in every lane.
  [[nodiscard]] MAO_HOST_DEVICE float dot(const Channels& other) const {
    float own = 0;
    for (int i = 0; i < held; ++i) own += value_[i] * other.value_[i];
    return lanes_.sum(own);
  }

  MAO_HOST_DEVICE void scale(float factor) {
    for (int i = 0; i < held; ++i) value_[i] *= factor;
  }

  MAO_HOST_DEVICE void add(float factor, const Channels& other) {
    for (int i = 0; i < held; ++i) value_[i] += factor * other.value_[i];
  }

  template <class T>
  MAO_HOST_DEVICE void write(T* to) {
    each([&](int channel, float& value) { store(to[channel], value); });
  }

 private:
  static constexpr int held = most / Lanes::count;

  template <class Function>
  MAO_HOST_DEVICE void each(Function function) {
    for (int i = 0; i < held; ++i) {
      const int channel = lanes_.id() + i * Lanes::count;
      if (channel < width_) function(channel, value_[i]);
    }
  }

  Lanes lanes_;
  int width_;
  float value_[held];
};

}  // namespace mao::cuda
