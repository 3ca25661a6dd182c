// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Cross entropy over the cosines of images with the candidates' class vectors, forward and backward, without ATen: no
/// normalised copy of either side is stored.

#include <mao/cuda/launch.cuh>

namespace mao::cuda {

/// 1 / length of each row.
template <class T>
struct InverseNorms {
  const T* x = nullptr;  ///< [rows, width]
  float* inverse = nullptr;
  std::int64_t rows = 0, width = 0;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return rows; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t row) const {
    float squares = 0;
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) {
      const float value = to_float(x[row * width + i]);
      squares += value * value;
    }
    squares = lanes.sum(squares);
    if (lanes.id() == 0) inverse[row] = squares > 0 ? 1 / std::sqrt(squares) : 0;
  }
};

/// The cosine of every image with every class: one warp a pair.
template <class T>
struct Cosines {
  const T* image = nullptr;              ///< [B, width]
  const T* text = nullptr;               ///< [H, width]
  const float* image_inverse = nullptr;  ///< [B]
  const float* text_inverse = nullptr;   ///< [H]
  float* cosine = nullptr;               ///< [B, H]
  std::int64_t images = 0, classes = 0, width = 0;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return images * classes; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    const std::int64_t b = item / classes, h = item % classes;
    float sum = 0;
    for (std::int64_t i = lanes.id(); i < width; i += Lanes::count) {
      sum += to_float(image[b * width + i]) * to_float(text[h * width + i]);
    }
    sum = lanes.sum(sum);
    if (lanes.id() == 0) cosine[item] = sum * image_inverse[b] * text_inverse[h];
  }
};

/// -log softmax(scale cosine)[target] of each image, and its gradient with respect to the cosines.
struct CosineCrossEntropy {
  const float* cosine = nullptr;         ///< [B, H]
  const std::int64_t* target = nullptr;  ///< [B] column of the true class; negative: the image does not count
  const std::int32_t* live = nullptr;    ///< how many columns count; null: all (the others are padding)
  float* loss = nullptr;                 ///< [B]
  float* gradient = nullptr;             ///< [B, H] of the image's own loss
  float scale = 1;
  std::int64_t images = 0, classes = 0;

  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return images; }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t b) const {
    const float* own = cosine + b * classes;
    const std::int64_t count = live == nullptr ? classes : *live;
    float highest = -INFINITY, sum = 0;
    for (std::int64_t h = lanes.id(); h < count; h += Lanes::count) highest = own[h] > highest ? own[h] : highest;
    highest = lanes.max(highest);
    for (std::int64_t h = lanes.id(); h < count; h += Lanes::count) sum += std::exp(scale * (own[h] - highest));
    sum = lanes.sum(sum);
    const bool counts = target[b] >= 0 && target[b] < count;
    for (std::int64_t h = lanes.id(); h < classes; h += Lanes::count) {
      const float share = h < count ? std::exp(scale * (own[h] - highest)) / sum : 0;
      gradient[b * classes + h] = counts ? scale * (share - (h == target[b] ? 1.0F : 0.0F)) : 0;
    }
    if (lanes.id() == 0) loss[b] = counts ? std::log(sum) - scale * (own[target[b]] - highest) : 0;
  }
};

/// The gradient of one side's vectors: one warp a row and 32 channels of it.
///
/// With s the gradient of the cosines, that of row r is (sum_o s[r, o] unit(other[o]) - unit(row[r]) sum_o s[r, o]
/// cos[r, o]) / |row[r]|: each channel needs no other channel.
template <class T>
struct CosineGradient {
  const T* own = nullptr;                ///< [rows, width]
  const T* other = nullptr;              ///< [others, width]
  const float* own_inverse = nullptr;    ///< [rows]
  const float* other_inverse = nullptr;  ///< [others]
  const float* cosine = nullptr;         ///< of (row, other) at row * row_step + other * other_step
  const float* score = nullptr;          ///< gradient of an image's own loss, there too
  const float* loss_gradient = nullptr;  ///< [B]
  T* gradient = nullptr;                 ///< [rows, width]
  std::int64_t rows = 0, others = 0, width = 0, row_step = 0, other_step = 0;
  bool own_are_images = true;

  static constexpr std::int64_t tile = 32;
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t tiles() const { return (width + tile - 1) / tile; }
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t items() const { return rows * tiles(); }

  template <class Lanes>
  MAO_HOST_DEVICE void operator()(Lanes lanes, std::int64_t item) const {
    const std::int64_t row = item / tiles(), begin = item % tiles() * tile;
    const std::int64_t end = begin + tile < width ? begin + tile : width;
    float along = 0;
    for (std::int64_t o = lanes.id(); o < others; o += Lanes::count) along += of_pair(row, o) * cosine[place(row, o)];
    along = lanes.sum(along);
    for (std::int64_t i = begin + lanes.id(); i < end; i += Lanes::count) {
      float sum = 0;
      for (std::int64_t o = 0; o < others; ++o) {
        sum += of_pair(row, o) * other_inverse[o] * to_float(other[o * width + i]);
      }
      const float unit = to_float(own[row * width + i]) * own_inverse[row];
      store(gradient[row * width + i], (sum - unit * along) * own_inverse[row]);
    }
  }

 private:
  [[nodiscard]] MAO_HOST_DEVICE std::int64_t place(std::int64_t row, std::int64_t o) const {
    return row * row_step + o * other_step;
  }
  [[nodiscard]] MAO_HOST_DEVICE float of_pair(std::int64_t row, std::int64_t o) const {
    return score[place(row, o)] * loss_gradient[own_are_images ? row : o];
  }
};

}  // namespace mao::cuda
