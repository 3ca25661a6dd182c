// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/inflate.hpp>

#include <limits>

#include <zlib.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao {

MAO_INLINE std::string inflated(std::span<const char> packed, std::uint64_t size, const std::string& what) {
  constexpr std::uint64_t longest = std::numeric_limits<uInt>::max();
  require<FormatError>(packed.size() <= longest && size < longest, what, " has ", size, " bytes, expected fewer than ",
                       longest);
  z_stream stream{};
  require<FormatError>(inflateInit2(&stream, -MAX_WBITS) == Z_OK, what, ": zlib cannot be started");
  std::string result(size + 1, '\0');  // one byte more shows that there are too many
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int status = inflate(&stream, Z_FINISH);
  const std::uint64_t written = stream.total_out;
  inflateEnd(&stream);
  require<FormatError>(status == Z_STREAM_END && written == size, what, " is damaged: its compressed content does not ",
                       "give the ", size, " bytes that the directory states");
  result.resize(size);
  return result;
}

}  // namespace mao
