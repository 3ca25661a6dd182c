// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// One printable character for each byte value, so that byte-pair merges can be kept as text.

#include <array>
#include <string>
#include <unordered_map>

#include <mao/text/detail/unicode.hpp>

namespace mao::detail {

struct ByteSymbols {
  std::array<std::string, 256> symbol;                  ///< byte -> its character as UTF-8
  std::array<unsigned char, 256> order;                 ///< position in the vocabulary -> byte
  std::unordered_map<char32_t, unsigned char> byte_of;  ///< character -> byte
};

const ByteSymbols& byte_symbols();

}  // namespace mao::detail

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/text/detail/impl/byte_symbols.ipp>
#endif
