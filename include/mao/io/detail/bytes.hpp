// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Bytes of a file in memory with their owner, and the checked arithmetic that every reader of foreign files needs.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <mao/core/error.hpp>

namespace mao {

static_assert(std::endian::native == std::endian::little, "mao reads and writes little-endian files in place");

/// A range of bytes, what keeps it alive, and the name that error messages give it.
struct SharedBytes {
  std::shared_ptr<void> owner;
  char* data = nullptr;  ///< private to this process: a tensor over it may be written to
  std::size_t size = 0;
  std::string name;

  [[nodiscard]] std::span<const char> span() const { return {data, size}; }
};

/// The bytes of a file, mapped. **Throws** `FileError` as `MappedFile` does.
SharedBytes map_bytes(const std::filesystem::path& path);

/// A copy of bytes that are already in memory.
SharedBytes copy_bytes(std::string_view content, std::string name);

namespace detail {

/// Whether `[offset, offset + length)` lies inside `size` bytes; never overflows.
constexpr bool inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

/// Sets `result = left * right` and says whether it fits.
template <std::integral Int>
[[nodiscard]] bool multiply(Int left, Int right, Int& result) {
  return !__builtin_mul_overflow(left, right, &result);
}

/// Sets `result = left + right` and says whether it fits.
template <std::integral Int>
[[nodiscard]] bool add(Int left, Int right, Int& result) {
  return !__builtin_add_overflow(left, right, &result);
}

/// The little-endian integer at `offset`. **Throws** `FormatError` naming the file when it is cut off there.
template <std::integral Int>
Int little_endian(std::span<const char> bytes, std::uint64_t offset, const std::string& name) {
  require<FormatError>(inside(offset, sizeof(Int), bytes.size()), name, " is truncated: ", sizeof(Int),
                       " bytes are expected at offset ", offset, " but there are only ", bytes.size(), " bytes");
  Int value;
  std::memcpy(&value, bytes.data() + offset, sizeof(Int));
  return value;
}

}  // namespace detail
}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/bytes.ipp>
#endif
