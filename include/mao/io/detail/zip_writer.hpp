// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes zip files of uncompressed entries to a stream, each of which may start at a multiple of a number of bytes, as
/// PyTorch's archives have them.

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace mao {

/// A zip file in the making: `add` the entries, then `finish`. Equal entries give equal bytes, dates are fixed.
///
/// Without ZIP64: files of up to 4 GiB with up to 65534 entries; beyond that every call **throws** `FormatError`.
class ZipWriter {
 public:
  /// Writes to `out` from its current position on; `name` is the file in error messages.
  ZipWriter(std::ostream& out, std::string name) : out_(out), name_(std::move(name)) {}

  /// Adds an entry whose content starts at a multiple of `alignment` in the file.
  void add(std::string_view entry, std::span<const char> content, std::size_t alignment = 1);

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
  static std::string padding_before(std::uint64_t position, std::uint64_t alignment);

  /// The fields that the entry's own header and the directory share, from the version to the length of the name.
  static std::string describe(std::string_view entry, std::span<const char> content);

  void check_limit(bool ok) const;

  void write(std::string_view bytes);

  std::ostream& out_;
  std::string name_;
  std::string directory_;
  std::uint64_t position_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/detail/impl/zip_writer.ipp>
#endif
