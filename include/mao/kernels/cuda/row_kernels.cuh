// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// LayerNorm (one warp a row) and QuickGELU (one warp a run of elements), forward and backward to the activations: the
/// weights are frozen. Without ATen.

#include <mao/kernels/cuda/launch.cuh>

namespace mao::cuda {

/// y = (x - mean) rstd weight + bias, and what the backward pass needs.
template <class In, class Out>
struct LayerNormForward {
  const In* x = nullptr;  ///< [rows, width]
  const float* weight = nullptr;
  const float* bias = nullptr;
  Out* y = nullptr;
  float* mean = nullptr;  ///< [rows]
  float* rstd = nullptr;  ///< [rows] 1 / sqrt(variance + epsilon)
  std::int64_t rows = 0, width = 0;
  float epsilon = 1e-5F;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return rows; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t row) const {
    const In* in = x + row * width;
    Out* out = y + row * width;
    float sum = 0, squares = 0;
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) sum += to_float(in[i]);
    const float centre = lanes.sum(sum) / static_cast<float>(width);
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) {
      const float apart = to_float(in[i]) - centre;
      squares += apart * apart;
    }
    const float factor = 1 / std::sqrt(lanes.sum(squares) / static_cast<float>(width) + epsilon);
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) {
      store(out[i], (to_float(in[i]) - centre) * factor * weight[i] + bias[i]);
    }
    if (lanes.id() == 0) {
      mean[row] = centre;
      rstd[row] = factor;
    }
  }
};

/// The gradient of x; what came round the norm by the residual connection is added on the way.
template <class In, class Out>
struct LayerNormBackward {
  const Out* y_gradient = nullptr;  ///< [rows, width]
  const In* x = nullptr;
  const float* weight = nullptr;
  const float* mean = nullptr;
  const float* rstd = nullptr;
  const In* residual_gradient = nullptr;  ///< [rows, width] or null
  In* x_gradient = nullptr;               ///< may be residual_gradient
  std::int64_t rows = 0, width = 0;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return rows; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t row) const {
    const std::int64_t begin = row * width;
    const auto normal = [&](std::int64_t i) { return (to_float(x[begin + i]) - mean[row]) * rstd[row]; };
    const auto scaled = [&](std::int64_t i) { return to_float(y_gradient[begin + i]) * weight[i]; };
    float sum = 0, product = 0;
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) {
      sum += scaled(i);
      product += scaled(i) * normal(i);
    }
    sum = lanes.sum(sum) / static_cast<float>(width);
    product = lanes.sum(product) / static_cast<float>(width);
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) {
      const float around = residual_gradient == nullptr ? 0 : to_float(residual_gradient[begin + i]);
      store(x_gradient[begin + i], around + rstd[row] * (scaled(i) - sum - normal(i) * product));
    }
  }
};

namespace detail {

inline constexpr std::int64_t elements_of_item = 256;

MAO_HOST_DEVICE inline std::int64_t element_items(std::int64_t count) {
  return (count + elements_of_item - 1) / elements_of_item;
}

/// Calls `function` with each element of an item.
template <class Lanes, class Function>
MAO_HOST_DEVICE void each_element(Lanes lanes, std::int64_t item, std::int64_t count, Function function) {
  const std::int64_t begin = item * elements_of_item;
  const std::int64_t end = begin + elements_of_item < count ? begin + elements_of_item : count;
  for (std::int64_t i = begin + lanes.id(); i < end; i += Lanes::count) function(i);
}

MAO_HOST_DEVICE inline float gate(float x) { return 1 / (1 + std::exp(-1.702F * x)); }

}  // namespace detail

/// y = x sigmoid(1.702 x).
template <class T>
struct QuickGeluForward {
  const T* x = nullptr;
  T* y = nullptr;
  std::int64_t count = 0;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return detail::element_items(count); }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    detail::each_element(lanes, item, count, [&](std::int64_t i) {
      const float value = to_float(x[i]);
      store(y[i], value * detail::gate(value));
    });
  }
};

/// The gradient of x.
template <class T>
struct QuickGeluBackward {
  const T* x = nullptr;
  const T* y_gradient = nullptr;
  T* x_gradient = nullptr;  ///< may be y_gradient
  std::int64_t count = 0;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return detail::element_items(count); }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    detail::each_element(lanes, item, count, [&](std::int64_t i) {
      const float value = to_float(x[i]), open = detail::gate(value);
      store(x_gradient[i], to_float(y_gradient[i]) * open * (1 + 1.702F * value * (1 - open)));
    });
  }
};

}  // namespace mao::cuda
