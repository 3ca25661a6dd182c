// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/embedded/detail/textures.hpp>

#include <cmath>
#include <numbers>

#include <mao/config.hpp>

namespace mao::embedded {

MAO_INLINE TexturePose TexturePose::drawn(Rng& rng, float frequency_factor) {
  const float angle = uniform(rng, 0, std::numbers::pi);
  TexturePose pose{std::cos(angle), std::sin(angle)};
  pose.phase_x = uniform(rng, 0, 1);
  pose.phase_y = uniform(rng, 0, 1);
  pose.frequency = uniform(rng, 1.5, 2.4) * frequency_factor;
  return pose;
}

MAO_INLINE float texture_weight(std::size_t texture, const TexturePose& pose, Point p, float depth, float pixel) {
  if (texture == 0) return 0;
  if (texture == 4) return clamp01(0.5F + (2.6F * pixel - depth) / pixel);  // bordered
  const float x = pose.frequency * (pose.cosine * p.x + pose.sine * p.y) + pose.phase_x;
  const float y = pose.frequency * (pose.cosine * p.y - pose.sine * p.x) + pose.phase_y;
  const float sharpness = 1.0F / (pose.frequency * pixel);  // pixels per period
  constexpr float turn = 2 * std::numbers::pi_v<float>;
  if (texture == 1) return clamp01(0.5F + sharpness / turn * std::sin(turn * x));  // striped
  if (texture == 2) {                                                              // dotted
    const float radius = std::hypot(x - std::floor(x) - 0.5F, y - std::floor(y) - 0.5F);
    return clamp01(0.5F + sharpness * (0.32F - radius));
  }
  const float checks = std::sin(0.8F * turn * x) * std::sin(0.8F * turn * y);
  return clamp01(0.5F + sharpness / (0.8F * turn) * checks);  // checkered
}

MAO_INLINE float ValueNoise::operator()(float x, float y) const {
  const float u = x * static_cast<float>(cells_);
  const float v = y * static_cast<float>(cells_);
  const auto column = static_cast<std::size_t>(u);
  const auto row = static_cast<std::size_t>(v);
  const float fx = u - static_cast<float>(column);
  const float fy = v - static_cast<float>(row);
  const float* top = &values_[row * (cells_ + 1) + column];
  const float* bottom = top + cells_ + 1;
  return (1 - fy) * ((1 - fx) * top[0] + fx * top[1]) + fy * ((1 - fx) * bottom[0] + fx * bottom[1]);
}

}  // namespace mao::embedded
