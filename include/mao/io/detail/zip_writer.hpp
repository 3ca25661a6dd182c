// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes zip files of uncompressed entries to a stream, each of which may start at a multiple of a number of bytes, as
/// PyTorch's archives have them.

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <mao/io/detail/bytes.hpp>

namespace mao {

/// A zip file in the making: `add` the entries, then `finish`. Equal entries give equal bytes, dates are fixed.
///
/// Without ZIP64: files of up to 4 GiB with up to 65534 entries; beyond that every call **throws** `FormatError`.
class ZipWriter {
 public:
  /// Writes to `out` from its current position on; `name` is the file in error messages.
  ZipWriter(std::ostream& out, std::string name) : out_(out), name_(std::move(name)) {}

  /// Adds an entry whose content starts at a multiple of `alignment` in the file.
  void add(std::string_view entry, std::span<const char> content, std::size_t alignment = 1) {
    ++count_;
    check_limit(count_ <= most_entries && entry.size() <= most_entries);
    const std::string padding = padding_before(position_ + local_header + entry.size(), alignment);
    const std::uint64_t start = position_;
    check_limit(start + local_header + entry.size() + padding.size() <= most_bytes && content.size() <= most_bytes);
    const std::string description = describe(entry, content);
    write(number<std::uint32_t>(0x04034b50) + description + number<std::uint16_t>(padding.size()));
    write(entry);
    write(padding);
    write({content.data(), content.size()});
    // Made by version 2.0; no extra field, comment, second disk or attributes.
    directory_ += number<std::uint32_t>(0x02014b50) + number<std::uint16_t>(20) + description + std::string(12, '\0') +
                  number<std::uint32_t>(start);
    directory_ += entry;
  }

  /// Writes the directory. Nothing can be added afterwards.
  void finish() {
    check_limit(position_ + directory_.size() <= most_bytes);
    const std::uint64_t start = position_;
    write(directory_);
    write(number<std::uint32_t>(0x06054b50) + std::string(4, '\0') + number<std::uint16_t>(count_) +
          number<std::uint16_t>(count_) + number<std::uint32_t>(directory_.size()) + number<std::uint32_t>(start) +
          std::string(2, '\0'));
  }

 private:
  static constexpr std::uint64_t most_bytes = 0xfffffffe;
  static constexpr std::uint64_t most_entries = 0xfffe;
  static constexpr std::uint64_t local_header = 30;

  /// The bytes of a number that is known to fit.
  template <class Int>
  static std::string number(std::uint64_t value) {
    const auto narrow = static_cast<Int>(value);
    return {reinterpret_cast<const char*>(&narrow), sizeof narrow};
  }

  /// An extra field that moves what follows `position` to a multiple of `alignment`; nothing if that is 1.
  static std::string padding_before(std::uint64_t position, std::uint64_t alignment) {
    if (alignment <= 1) return {};
    const std::uint64_t missing = (alignment - (position + 4) % alignment) % alignment;
    return "FB" + number<std::uint16_t>(missing) + std::string(missing, 'Z');
  }

  /// The fields that the entry's own header and the directory share, from the version to the length of the name.
  static std::string describe(std::string_view entry, std::span<const char> content) {
    const auto checksum = ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
    constexpr std::uint16_t first_of_january_1980 = 0x21;
    return number<std::uint16_t>(20) + std::string(6, '\0') + number<std::uint16_t>(first_of_january_1980) +
           number<std::uint32_t>(checksum) + number<std::uint32_t>(content.size()) +
           number<std::uint32_t>(content.size()) + number<std::uint16_t>(entry.size());
  }

  void check_limit(bool ok) const {
    require<FormatError>(ok, "cannot write ", name_, ": a zip file here holds at most 4 GiB and ", most_entries,
                         " entries; save less in one file, or as safetensors");
  }

  void write(std::string_view bytes) {
    out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    position_ += bytes.size();
  }

  std::ostream& out_;
  std::string name_;
  std::string directory_;
  std::uint64_t position_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace mao
