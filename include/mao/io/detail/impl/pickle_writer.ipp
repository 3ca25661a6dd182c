// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/pickle_writer.hpp>

#include <bit>
#include <limits>
#include <utility>

#include <mao/config.hpp>
#include <mao/io/detail/bytes.hpp>

namespace mao {

MAO_INLINE void PickleWriter::integer(std::int64_t value) {
  if (value >= 0 && value <= std::numeric_limits<std::uint8_t>::max()) {
    code_ += 'K';
    append(static_cast<std::uint8_t>(value));
  } else if (value == static_cast<std::int32_t>(value)) {
    code_ += 'J';
    append(static_cast<std::int32_t>(value));
  } else {
    code_ += "\x8a\x08";  // an integer of any length, here of 8 bytes
    append(value);
  }
}

MAO_INLINE void PickleWriter::real(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  code_ += 'G';
  for (int shift = 56; shift >= 0; shift -= 8) code_ += static_cast<char>(bits >> shift & 0xff);
}

MAO_INLINE void PickleWriter::text(std::string_view value) {
  require<FormatError>(value.size() <= std::numeric_limits<std::uint32_t>::max(), "a text of ", value.size(),
                       " bytes is too long for a pickle of protocol 2");
  code_ += 'X';
  append(static_cast<std::uint32_t>(value.size()));
  code_ += value;
}

MAO_INLINE void PickleWriter::global(std::string_view module, std::string_view name) {
  ((code_ += 'c') += module) += '\n';
  (code_ += name) += '\n';
}

MAO_INLINE std::string PickleWriter::finish() {
  code_ += '.';
  return std::move(code_);
}

}  // namespace mao
