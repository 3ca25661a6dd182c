// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/cpython_random.hpp>

#include <bit>
#include <numeric>
#include <unordered_set>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

/// Fills the state of a Mersenne twister as `init_by_array` of its authors does, with the words of a Python integer as
/// key.
class InitByArray {
 public:
  using result_type = std::uint32_t;

  explicit InitByArray(std::uint64_t seed) : key_{static_cast<std::uint32_t>(seed)} {
    if (const auto high = static_cast<std::uint32_t>(seed >> 32); high != 0) key_.push_back(high);
  }

  /// Called by `std::mt19937` with a range of 624 words.
  template <class Iterator>
  void generate(Iterator begin, Iterator end) {
    const auto count = static_cast<std::size_t>(end - begin);
    begin[0] = 19650218U;
    for (std::size_t i = 1; i < count; ++i) begin[i] = word(1812433253U * scrambled(begin[i - 1], 30) + i);
    std::size_t i = 1;
    const auto step = [&] {
      if (++i == count) {
        begin[0] = begin[count - 1];
        i = 1;
      }
    };
    std::size_t k = 0;
    for (std::size_t round = 0; round < count; ++round, step()) {
      begin[i] = word((begin[i] ^ (scrambled(begin[i - 1], 30) * 1664525U)) + key_[k] + k);
      k = (k + 1) % key_.size();
    }
    for (std::size_t round = 1; round < count; ++round, step()) {
      begin[i] = word((begin[i] ^ (scrambled(begin[i - 1], 30) * 1566083941U)) - i);
    }
    begin[0] = 0x80000000U;
  }

 private:
  static std::uint32_t word(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
  static std::uint64_t scrambled(std::uint64_t value, int shift) { return word(value ^ (word(value) >> shift)); }

  std::vector<std::uint32_t> key_;
};

}  // namespace mao::detail

namespace mao {

MAO_INLINE CPythonRandom::CPythonRandom(std::uint64_t seed) {
  detail::InitByArray words(seed);
  engine_.seed(words);
}

MAO_INLINE std::uint64_t CPythonRandom::getrandbits(int bits) {
  require<OptionError>(bits >= 0 && bits <= 64, "CPythonRandom::getrandbits(", bits, "): expected 0 to 64 bits");
  if (bits == 0) return 0;
  if (bits <= 32) return draw() >> (32 - bits);
  const std::uint64_t low = draw();
  return low | ((draw() >> (64 - bits)) << 32);
}

MAO_INLINE std::uint64_t CPythonRandom::below(std::uint64_t n) {
  require<OptionError>(n > 0, "CPythonRandom::below(0): there is no number below 0, pass at least 1");
  for (;;) {
    if (const std::uint64_t value = getrandbits(static_cast<int>(std::bit_width(n))); value < n) return value;
  }
}

MAO_INLINE std::vector<std::size_t> CPythonRandom::sample(std::size_t n, std::size_t k) {
  require<OptionError>(k <= n, "CPythonRandom::sample: cannot draw ", k, " different items out of ", n);
  return n <= largest_pool(k) ? sample_from_pool(n, k) : sample_by_rejection(n, k);
}

MAO_INLINE std::size_t CPythonRandom::largest_pool(std::size_t k) {
  if (k <= 5) return 21;
  std::size_t power = 1;
  while (power < 3 * k) power *= 4;
  return 21 + power;
}

MAO_INLINE std::vector<std::size_t> CPythonRandom::sample_from_pool(std::size_t n, std::size_t k) {
  std::vector<std::size_t> pool(n);
  std::iota(pool.begin(), pool.end(), std::size_t{0});
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < k; ++i) {
    const auto position = static_cast<std::size_t>(below(n - i));
    drawn.push_back(pool[position]);
    pool[position] = pool[n - i - 1];
  }
  return drawn;
}

MAO_INLINE std::vector<std::size_t> CPythonRandom::sample_by_rejection(std::size_t n, std::size_t k) {
  std::unordered_set<std::size_t> seen;
  std::vector<std::size_t> drawn;
  while (drawn.size() < k) {
    if (const auto item = static_cast<std::size_t>(below(n)); seen.insert(item).second) drawn.push_back(item);
  }
  return drawn;
}

}  // namespace mao
