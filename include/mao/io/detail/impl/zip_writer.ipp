// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/zip_writer.hpp>

#include <zlib.h>

#include <mao/config.hpp>
#include <mao/io/detail/bytes.hpp>

namespace mao {

MAO_INLINE void ZipWriter::add(std::string_view entry, std::span<const char> content, std::size_t alignment) {
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

MAO_INLINE std::string ZipWriter::padding_before(std::uint64_t position, std::uint64_t alignment) {
  if (alignment <= 1) return {};
  const std::uint64_t missing = (alignment - (position + 4) % alignment) % alignment;
  return "FB" + number<std::uint16_t>(missing) + std::string(missing, 'Z');
}

MAO_INLINE std::string ZipWriter::describe(std::string_view entry, std::span<const char> content) {
  const auto checksum = ::crc32_z(0, reinterpret_cast<const Bytef*>(content.data()), content.size());
  constexpr std::uint16_t first_of_january_1980 = 0x21;
  return number<std::uint16_t>(20) + std::string(6, '\0') + number<std::uint16_t>(first_of_january_1980) +
         number<std::uint32_t>(checksum) + number<std::uint32_t>(content.size()) +
         number<std::uint32_t>(content.size()) + number<std::uint16_t>(entry.size());
}

MAO_INLINE void ZipWriter::check_limit(bool ok) const {
  require<FormatError>(ok, "cannot write ", name_, ": a zip file here holds at most 4 GiB and ", most_entries,
                       " entries; save less in one file, or as safetensors");
}

MAO_INLINE void ZipWriter::write(std::string_view bytes) {
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  position_ += bytes.size();
}

}  // namespace mao
