// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Axes of charts: round ticks, and where a value lies.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "report/svg.hpp"

namespace mao {

/// A range of values, the marks on it, and how many decimals tell them apart.
struct Axis {
  double low = 0;
  double high = 1;
  std::vector<double> ticks{};
  int decimals = 0;

  /// Where a value lies between two pixels.
  [[nodiscard]] double at(double value, double from, double to) const {
    return from + (value - low) / (high - low) * (to - from);
  }
  [[nodiscard]] std::string text(double tick) const {
    return std::abs(tick) > 0 && high - low < 1e-3 ? short_text(tick) : number_text(tick, decimals);
  }

 private:
  /// `2e-4`, for ranges where decimals take too much room.
  [[nodiscard]] static std::string short_text(double tick) {
    const int power = static_cast<int>(std::floor(std::log10(std::abs(tick)) + 1e-9));
    const double digits = tick / std::pow(10.0, power);
    return number_text(digits, std::abs(digits - std::round(digits)) < 1e-6 ? 0 : 1) + "e" + std::to_string(power);
  }
};

namespace detail {

/// The step of 1, 2 or 5 times a power of ten that makes about `about` intervals.
inline double round_step(double range, int about) {
  const double raw = range / about;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  return power * (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10);
}

}  // namespace detail

/// An axis over `low` to `high` that begins and ends at a tick. Equal or missing ends are moved apart.
inline Axis round_axis(double low, double high, int about = 4) {
  if (!std::isfinite(low) || !std::isfinite(high)) low = 0, high = 1;
  if (low > high) std::swap(low, high);
  if (high - low <= 1e-12 * std::max(std::abs(low), std::abs(high)) || high == low) {
    const double room = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= low > 0 && low - room < 0 ? low : room;
    high += room;
  }
  const double step = detail::round_step(high - low, about);
  Axis axis;
  axis.low = std::floor(low / step + 1e-9) * step;
  axis.high = std::ceil(high / step - 1e-9) * step;
  const auto count = static_cast<std::size_t>(std::lround((axis.high - axis.low) / step));
  for (std::size_t i = 0; i <= count; ++i) {
    const double tick = axis.low + static_cast<double>(i) * step;
    axis.ticks.push_back(std::abs(tick) < step * 1e-6 ? 0 : tick);
  }
  axis.decimals = static_cast<int>(std::max(0.0, -std::floor(std::log10(step) + 1e-9)));
  return axis;
}

/// An axis over all finite values of a list.
inline Axis axis_over(const std::vector<double>& values, int about = 4) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return round_axis(low, high, about);
}

}  // namespace mao
