// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/text/detail/byte_symbols.hpp>

#include <cstddef>
#include <cstdint>

#include <mao/config.hpp>
#include <mao/core/detail/text_encoding.hpp>

namespace mao::detail {

/// Bytes that are printable in Latin-1 stand for themselves and come first; the other 68 become U+0100, U+0101, ...
///
/// **Source** the byte alphabet of GPT-2, which CLIP took over.
MAO_INLINE ByteSymbols make_byte_symbols() {
  const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  ByteSymbols symbols;
  std::size_t position = 0;
  char32_t substitute = 256;
  for (const bool pass_printable : {true, false}) {
    for (int b = 0; b < 256; ++b) {
      if (printable(b) != pass_printable) continue;
      const auto byte = static_cast<unsigned char>(b);
      const char32_t shown = pass_printable ? static_cast<char32_t>(b) : substitute++;
      append_utf8(symbols.symbol[byte], static_cast<char32_t>(shown));
      symbols.byte_of[shown] = byte;
      symbols.order[position++] = byte;
    }
  }
  return symbols;
}

MAO_INLINE const ByteSymbols& byte_symbols() {
  static const ByteSymbols symbols = make_byte_symbols();
  return symbols;
}

}  // namespace mao::detail
