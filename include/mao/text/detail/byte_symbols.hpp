// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One printable character for each byte value, so that byte-pair merges can be kept as text.

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

struct ByteSymbols {
  std::array<std::string, 256> symbol;                  ///< byte -> its character as UTF-8
  std::array<unsigned char, 256> order;                 ///< position in the vocabulary -> byte
  std::unordered_map<char32_t, unsigned char> byte_of;  ///< character -> byte
};

/// Bytes that are printable in Latin-1 stand for themselves and come first; the other 68 become U+0100, U+0101, ...
///
/// **Source** the byte alphabet of GPT-2, which CLIP took over.
inline ByteSymbols make_byte_symbols() {
  const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  ByteSymbols symbols;
  std::size_t position = 0;
  char32_t substitute = 256;
  for (const bool pass_printable : {true, false}) {
    for (int b = 0; b < 256; ++b) {
      if (printable(b) != pass_printable) continue;
      const auto byte = static_cast<unsigned char>(b);
      const char32_t shown = pass_printable ? static_cast<char32_t>(b) : substitute++;
      append_utf8(symbols.symbol[byte], shown);
      symbols.byte_of[shown] = byte;
      symbols.order[position++] = byte;
    }
  }
  return symbols;
}

inline const ByteSymbols& byte_symbols() {
  static const ByteSymbols symbols = make_byte_symbols();
  return symbols;
}

}  // namespace mao::detail
