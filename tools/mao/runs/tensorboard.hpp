// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Event files that TensorBoard reads: scalars over steps, written without protobuf.

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <mao/core/error.hpp>

namespace mao {

namespace detail {

/// CRC-32C (Castagnoli), the checksum of TensorFlow's record files. **Source** RFC 3720, appendix B.4 has vectors.
inline std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> entries{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? (value >> 1) ^ 0x82F63B78U : value >> 1;
      entries[i] = value;
    }
    return entries;
  }();
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU] ^ (crc >> 8);
  return ~crc;
}

/// The checksum as records store it: rotated and shifted, so that a checksum of checksums is not a special case.
inline std::uint32_t masked_crc32c(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8U; }

/// An unsigned integer as little-endian bytes.
template <class Unsigned>
std::string little_endian_bytes(Unsigned value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
  return bytes;
}

/// The pieces of a protobuf message: fields one after the other, each a key and a value.
namespace protobuf {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 127; value >>= 7) bytes += static_cast<char>((value & 127U) | 128U);
  return bytes + static_cast<char>(value);
}
inline std::string integer(unsigned field, std::int64_t value) {
  return varint(field << 3 | 0U) + varint(static_cast<std::uint64_t>(value));
}
inline std::string real64(unsigned field, double value) {
  return varint(field << 3 | 1U) + little_endian_bytes(std::bit_cast<std::uint64_t>(value));
}
inline std::string bytes(unsigned field, std::string_view value) {
  return varint(field << 3 | 2U) + varint(value.size()) + std::string(value);
}
inline std::string real32(unsigned field, float value) {
  return varint(field << 3 | 5U) + little_endian_bytes(std::bit_cast<std::uint32_t>(value));
}

}  // namespace protobuf

/// One record: length, checksum of the length, content, checksum of the content.
inline std::string event_record(std::string_view content) {
  const std::string length = little_endian_bytes(static_cast<std::uint64_t>(content.size()));
  return length + little_endian_bytes(masked_crc32c(length)) + std::string(content) +
         little_endian_bytes(masked_crc32c(content));
}

inline double seconds_since_epoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// `events.out.tfevents.<time>.<host>.<process>.<n>`, not there yet: a resumed run writes another file beside the
/// first.
inline std::filesystem::path new_event_file(const std::filesystem::path& folder) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {"host"};
  const auto stem = text_of("events.out.tfevents.", static_cast<std::int64_t>(seconds_since_epoch()), ".", host.data(),
                            ".", ::getpid(), ".");
  for (int number = 0;; ++number) {
    const auto path = folder / (stem + std::to_string(number));
    if (!std::filesystem::exists(path)) return path;
  }
}

}  // namespace detail

/// Scalars of one run as TensorBoard reads them. Each is on the disk when the call returns.
class TensorBoard {
 public:
  /// Makes the folder and a new event file in it. **Throws** `FileError` when that is not possible.
  explicit TensorBoard(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    require<FileError>(std::filesystem::is_directory(folder), "cannot make the folder ", folder.string(), ": ",
                       failure.message());
    path_ = detail::new_event_file(folder);
    out_.open(path_, std::ios::binary);
    write(0, detail::protobuf::bytes(3, "brain.Event:2"));
  }

  /// The event file.
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// One point of the curve `tag`, for example `train/loss`. **Throws** `FileError` when the disk is full.
  void scalar(std::string_view tag, std::int64_t step, double value) {
    using namespace detail;
    const std::string point = protobuf::bytes(1, tag) + protobuf::real32(2, static_cast<float>(value));
    write(step, protobuf::bytes(5, protobuf::bytes(1, point)));
  }

 private:
  void write(std::int64_t step, const std::string& what) {
    using namespace detail;
    const std::string head = protobuf::real64(1, seconds_since_epoch()) + protobuf::integer(2, step);
    out_ << event_record(head + what) << std::flush;
    require<FileError>(out_.good(), "cannot write to ", path_.string(),
                       "; the folder has to be writable, with space left");
  }

  std::filesystem::path path_;
  std::ofstream out_;
};

}  // namespace mao
