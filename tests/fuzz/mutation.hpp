// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the mutators of the fuzz targets share.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace mao_fuzz {

using Dice = std::minstd_rand;

inline std::size_t below(Dice& dice, std::size_t end) { return dice() % end; }

template <class T>
const T& one_of(const std::vector<T>& values, Dice& dice) {
  return values[below(dice, values.size())];
}

/// libFuzzer's own mutation of a part, which may grow by some bytes.
inline std::string mutated(std::string text) {
  const std::size_t size = text.size();
  text.resize(size + 16);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

/// One change of a sequence: an element goes, comes, moves, is replaced or repeated.
inline void change_sequence(std::vector<std::string>& parts, const std::string& fresh, Dice& dice) {
  if (parts.empty()) return parts.push_back(fresh);
  const auto at = [&] { return parts.begin() + static_cast<std::ptrdiff_t>(below(dice, parts.size())); };
  switch (below(dice, 6)) {
    case 0: parts.erase(at()); break;
    case 1: parts.insert(at(), fresh); break;
    case 2: std::iter_swap(at(), at()); break;
    case 3: *at() = fresh; break;
    case 4: {  // a stretch once more, elsewhere
      const std::size_t begin = below(dice, parts.size());
      const std::size_t end = begin + 1 + below(dice, std::min<std::size_t>(8, parts.size() - begin));
      const std::vector<std::string> stretch(parts.begin() + static_cast<std::ptrdiff_t>(begin),
                                             parts.begin() + static_cast<std::ptrdiff_t>(end));
      parts.insert(at(), stretch.begin(), stretch.end());
      break;
    }
    default: *at() = mutated(*at());
  }
}

inline std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += part;
  return text;
}

/// Writes `text` where libFuzzer wants it; its own mutation where it does not fit.
inline std::size_t give(const std::string& text, std::uint8_t* data, std::size_t size, std::size_t max_size) {
  if (text.empty() || text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace mao_fuzz
