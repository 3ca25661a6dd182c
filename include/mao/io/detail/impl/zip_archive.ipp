// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/io/detail/zip_archive.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include <mao/config.hpp>
#include <mao/io/detail/inflate.hpp>

namespace mao {

MAO_INLINE ZipArchive::ZipArchive(SharedBytes bytes) : bytes_(std::move(bytes)) {
  const Directory directory = find_directory();
  std::uint64_t position = directory.offset;
  for (std::uint64_t i = 0; i < directory.count; ++i) position = read_entry(position);
}

MAO_INLINE bool ZipArchive::recognises(std::span<const char> bytes) {
  constexpr std::string_view magic("PK\x03\x04", 4);
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

MAO_INLINE ZipEntry ZipArchive::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  require<FormatError>(found != entries_.end(), bytes_.name, ": the archive has no entry \"", name, "\"");
  require<FormatError>(found->second.stored, bytes_.name, ": the entry \"", name,
                       "\" is compressed or encrypted; only stored entries, as torch.save writes them, can be read");
  return found->second;
}

MAO_INLINE std::span<const char> ZipArchive::content(const std::string& name) const {
  const ZipEntry found = entry(name);
  return bytes_.span().subspan(found.offset, found.size);
}

MAO_INLINE std::string ZipArchive::text(const std::string& name, std::uint64_t limit) const {
  const auto found = entries_.find(name);
  if (found == entries_.end() || !found->second.deflated) {
    const auto bytes = content(name);
    return {bytes.data(), bytes.size()};
  }
  const ZipEntry& entry = found->second;
  const std::string what = text_of(bytes_.name, ": the entry \"", name, "\"");
  require<FormatError>(entry.unpacked_size <= limit, what, " has ", entry.unpacked_size, " bytes, expected at most ",
                       limit);
  return inflated(bytes_.span().subspan(entry.offset, entry.size), entry.unpacked_size, what);
}

MAO_INLINE std::uint64_t ZipArchive::find_end_record() const {
  constexpr std::uint64_t length = 22;
  constexpr std::uint64_t longest_comment = 65535;
  for (std::uint64_t comment = 0; comment <= longest_comment && length + comment <= bytes_.size; ++comment) {
    const std::uint64_t offset = bytes_.size - length - comment;
    if (at<std::uint32_t>(offset) == 0x06054b50 && at<std::uint16_t>(offset + 20) == comment) return offset;
  }
  throw FormatError(text_of(bytes_.name, " has no zip directory at its end: it is truncated or not a zip file"));
}

MAO_INLINE ZipArchive::Directory ZipArchive::find_directory() const {
  const std::uint64_t end = find_end_record();
  Directory directory{at<std::uint16_t>(end + 10), at<std::uint32_t>(end + 16)};
  if (end >= 20 && at<std::uint32_t>(end - 20) == 0x07064b50) {
    const auto zip64 = at<std::uint64_t>(end - 12);
    require<FormatError>(detail::inside(zip64, 56, bytes_.size) && at<std::uint32_t>(zip64) == 0x06064b50,
                         bytes_.name, ": the ZIP64 end record is not at offset ", zip64, " where its locator points");
    directory = {at<std::uint64_t>(zip64 + 32), at<std::uint64_t>(zip64 + 48)};
  }
  return directory;
}

MAO_INLINE std::uint64_t ZipArchive::read_entry(std::uint64_t position) {
  constexpr std::uint64_t fixed = 46;
  require<FormatError>(detail::inside(position, fixed, bytes_.size) && at<std::uint32_t>(position) == 0x02014b50,
                       bytes_.name, ": there is no zip directory entry at offset ", position);
  const std::uint64_t name_length = at<std::uint16_t>(position + 28);
  const std::uint64_t extra_length = at<std::uint16_t>(position + 30);
  const std::uint64_t total = fixed + name_length + extra_length + at<std::uint16_t>(position + 32);
  require<FormatError>(detail::inside(position, total, bytes_.size), bytes_.name, ": the zip directory is cut off");
  std::string name(bytes_.data + position + fixed, name_length);
  ZipEntry entry = locate(position, position + fixed + name_length, extra_length, name);
  require<FormatError>(entries_.emplace(name, entry).second, bytes_.name, ": two zip entries are named \"", name,
                       "\"");
  return position + total;
}

MAO_INLINE ZipEntry ZipArchive::locate(std::uint64_t record, std::uint64_t extra, std::uint64_t extra_length,
                                       const std::string& name) const {
  std::uint64_t packed = at<std::uint32_t>(record + 20);
  std::uint64_t size = at<std::uint32_t>(record + 24);
  std::uint64_t header = at<std::uint32_t>(record + 42);
  for (std::uint64_t at_extra = extra; at_extra + 4 <= extra + extra_length;) {
    const auto id = at<std::uint16_t>(at_extra);
    const auto length = at<std::uint16_t>(at_extra + 2);
    std::uint64_t field = at_extra + 4;
    for (std::uint64_t* value : {&size, &packed, &header}) {
      if (id != 1 || *value != unset32) continue;
      require<FormatError>(field + 8 <= at_extra + 4 + length, bytes_.name, ": the ZIP64 field of \"", name,
                           "\" is short");
      *value = at<std::uint64_t>(field);
      field += 8;
    }
    at_extra += 4U + length;
  }
  require<FormatError>(detail::inside(header, 30, bytes_.size) && at<std::uint32_t>(header) == 0x04034b50,
                       bytes_.name, ": the entry \"", name, "\" has no local header at offset ", header);
  const std::uint64_t offset = header + 30 + at<std::uint16_t>(header + 26) + at<std::uint16_t>(header + 28);
  require<FormatError>(detail::inside(offset, packed, bytes_.size), bytes_.name, ": the entry \"", name, "\" of ",
                       packed, " bytes at offset ", offset, " reaches beyond the file of ", bytes_.size, " bytes");
  const bool encrypted = (at<std::uint16_t>(record + 8) & 1) != 0;
  const bool stored = at<std::uint16_t>(record + 10) == 0 && !encrypted;
  require<FormatError>(!stored || packed == size, bytes_.name, ": the stored entry \"", name, "\" has two sizes, ",
                       packed, " and ", size);
  const bool deflated = at<std::uint16_t>(record + 10) == 8 && !encrypted;
  return {offset, packed, stored, deflated, size};
}

}  // namespace mao
