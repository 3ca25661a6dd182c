// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Seeded random streams. Each consumer has its own named stream, so draws of one consumer never affect another. A run
/// is therefore the same on any number of threads and after resuming.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <utility>
#include <vector>

namespace mao {

/// A splitmix64 generator with named children.
///
/// `Rng(seed)["sampler"][epoch]` depends only on the seed and the two names, not on earlier draws. Bits,
/// bounded integers and shuffles are the same on every platform; `normal()` uses the C library's `log` and `cos`.
class Rng {
 public:
  explicit Rng(std::uint64_t seed = 0) : state_(mixed(seed + golden)), key_(state_) {}

  /// The child stream with that number. Does not advance this stream.
  Rng operator[](std::uint64_t id) const { return Rng(key_ ^ mixed(id * golden + 0x632be59bd9b4e019ULL)); }

  /// The child stream with that name. Does not advance this stream.
  Rng operator[](std::string_view name) const;

  /// 64 random bits.
  std::uint64_t bits() { return mixed(state_ += golden); }

  /// Uniform in [0, n), without bias; n >= 1.
  std::uint64_t below(std::uint64_t n);

  /// Uniform in [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

  /// Uniform in [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }

  /// Standard normal (Box-Muller, one of the pair).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

  /// Fisher-Yates in place.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[static_cast<std::size_t>(below(left))]);
    }
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;

  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
  std::uint64_t key_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/core/impl/random.ipp>
#endif
