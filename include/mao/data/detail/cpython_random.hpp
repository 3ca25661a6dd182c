// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// CPython's `random.Random`, number for number, so that few-shot draws are the published ones.

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace mao {

/// The generator behind Python's `random` module after `random.seed(seed)`.
///
/// **Source** CPython 3.11, `Modules/_randommodule.c` and `Lib/random.py`; the draws are the same in 3.2 to 3.13.
class CPythonRandom {
 public:
  explicit CPythonRandom(std::uint64_t seed);

  /// `random.getrandbits(bits)`, 0 <= bits <= 64. **Throws** `OptionError` outside.
  std::uint64_t getrandbits(int bits);

  /// `random.randrange(n)`: uniform in [0, n), n >= 1. **Throws** `OptionError` for 0.
  std::uint64_t below(std::uint64_t n);

  /// `random.random()`: uniform in [0, 1), 53 bits.
  double random() {
    const auto high = static_cast<double>(draw() >> 5);
    const auto low = static_cast<double>(draw() >> 6);
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  /// `random.sample(range(n), k)`: k different numbers below n. **Throws** `OptionError` when k > n.
  std::vector<std::size_t> sample(std::size_t n, std::size_t k);

  /// `random.shuffle(items)`.
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[static_cast<std::size_t>(below(left))]);
    }
  }

 private:
  std::uint64_t draw() { return engine_(); }

  /// Up to this many items CPython draws from a shrinking pool, above it draws again on repeats.
  static std::size_t largest_pool(std::size_t k);

  std::vector<std::size_t> sample_from_pool(std::size_t n, std::size_t k);

  std::vector<std::size_t> sample_by_rejection(std::size_t n, std::size_t k);

  std::mt19937 engine_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/data/detail/impl/cpython_random.ipp>
#endif
