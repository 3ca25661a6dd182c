// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// The directory of a zip file in memory, and its uncompressed entries in place. Enough for PyTorch's archives, which
/// store tensors without compression; files beyond 4 GiB (ZIP64) included. Files are treated as hostile.

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include <mao/io/detail/bytes.hpp>

namespace mao {

/// Where an entry's content lies in the file.
struct ZipEntry {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool stored = true;  ///< false: compressed or encrypted, its content cannot be used in place
  bool deflated = false;            ///< compressed as `inflated` reads it
  std::uint64_t unpacked_size = 0;  ///< `size` where the entry is stored
};

/// The entries of a zip file by name.
class ZipArchive {
 public:
  /// Reads the directory. **Throws** `FormatError` naming the file when it is not a zip file, truncated or
  /// inconsistent.
  explicit ZipArchive(SharedBytes bytes);

  /// Whether a file starts as zip files with entries do.
  static bool recognises(std::span<const char> bytes);

  [[nodiscard]] const std::map<std::string, ZipEntry>& entries() const { return entries_; }
  [[nodiscard]] bool contains(const std::string& name) const { return entries_.count(name) != 0; }
  [[nodiscard]] const SharedBytes& bytes() const { return bytes_; }

  /// The place of an uncompressed entry. **Throws** `FormatError` when it is absent or compressed.
  [[nodiscard]] ZipEntry entry(const std::string& name) const;

  /// The bytes of an uncompressed entry, in place. **Throws** as `entry` does.
  [[nodiscard]] std::span<const char> content(const std::string& name) const;

  /// The content of an entry, compressed or not. **Throws** `FormatError` when it is absent, encrypted, damaged, or
  /// larger than `limit`.
  [[nodiscard]] std::string text(const std::string& name, std::uint64_t limit) const;

 private:
  struct Directory {
    std::uint64_t count = 0;
    std::uint64_t offset = 0;
  };
  static constexpr std::uint32_t unset32 = 0xffffffff;  // "look into the ZIP64 field"

  template <class Int>
  [[nodiscard]] Int at(std::uint64_t offset) const {
    return detail::little_endian<Int>(bytes_.span(), offset, bytes_.name);
  }

  /// The offset of the end record: the last 22 bytes, or earlier when a comment follows.
  [[nodiscard]] std::uint64_t find_end_record() const;

  [[nodiscard]] Directory find_directory() const;

  /// Reads the directory entry at `position` and returns where the next one starts.
  std::uint64_t read_entry(std::uint64_t position);

  /// Sizes and offset of an entry from its directory record, ZIP64 field and local header.
  [[nodiscard]] ZipEntry locate(std::uint64_t record, std::uint64_t extra, std::uint64_t extra_length,
                                const std::string& name) const;

  SharedBytes bytes_;
  std::map<std::string, ZipEntry> entries_;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/zip_archive.ipp>
#endif
