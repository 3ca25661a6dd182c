// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Writes zip files byte by byte, with every field open to damage.

#include <cstdint>
#include <string>

#include <zlib.h>

namespace mao_test {

/// The little-endian bytes of an integer.
template <class Int>
std::string raw(Int value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// As zip files compress.
inline std::string deflated(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

struct ZipBuilder {
  std::string content;
  std::string directory;
  std::uint64_t count = 0;

  struct Fields {
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
    std::int64_t size_error = 0;    // added to the unpacked size
    std::int64_t packed_error = 0;  // added to both sizes
    std::int64_t offset_error = 0;  // added to the offset of the local header
    std::size_t padding = 0;        // bytes before the content
    bool zip64 = false;             // sizes and offset in the extra field
  };

  void add(const std::string& name, const std::string& data) { add(name, data, Fields{}); }

  void add_deflated(const std::string& name, const std::string& text) {
    const std::string packed = deflated(text);
    add(name, packed,
        {.method = 8, .size_error = static_cast<std::int64_t>(text.size()) - static_cast<std::int64_t>(packed.size())});
  }

  void add(const std::string& name, const std::string& data, const Fields& fields) {
    const auto offset = static_cast<std::uint64_t>(static_cast<std::int64_t>(content.size()) + fields.offset_error);
    const auto packed = static_cast<std::uint64_t>(static_cast<std::int64_t>(data.size()) + fields.packed_error);
    const auto size = static_cast<std::uint64_t>(static_cast<std::int64_t>(packed) + fields.size_error);
    const auto name_length = static_cast<std::uint16_t>(name.size());
    content += raw(0x04034b50U) + std::string(22, '\0') + raw(name_length) +
               raw(static_cast<std::uint16_t>(fields.padding)) + name + std::string(fields.padding, 'Z') + data;
    const std::string extra =
        fields.zip64 ? raw<std::uint16_t>(1) + raw<std::uint16_t>(24) + raw(size) + raw(packed) + raw(offset) : "";
    const auto short_field = [&](std::uint64_t value) {
      return raw(fields.zip64 ? 0xffffffffU : static_cast<std::uint32_t>(value));
    };
    directory += raw(0x02014b50U) + raw(0U) + raw(fields.flags) + raw(fields.method) + raw(0U) + raw(0U) +
                 short_field(packed) + short_field(size) + raw(name_length) +
                 raw(static_cast<std::uint16_t>(extra.size())) + std::string(10, '\0') + short_field(offset) + name +
                 extra;
    ++count;
  }

  /// The finished file, with an optional comment; `zip64` puts the directory's place into the long end record alone.
  [[nodiscard]] std::string finished(const std::string& comment = "", bool zip64 = false) const {
    std::string file = content + directory;
    if (zip64) {
      const std::uint64_t record = file.size();
      file += raw(0x06064b50U) + std::string(28, '\0') + raw(count) + raw<std::uint64_t>(directory.size()) +
              raw<std::uint64_t>(content.size());
      file += raw(0x07064b50U) + raw(0U) + raw(record) + raw(1U);
    }
    const auto short_count = static_cast<std::uint16_t>(zip64 ? 0xffff : count);
    file += raw(0x06054b50U) + raw(0U) + raw(short_count) + raw(short_count) +
            raw(static_cast<std::uint32_t>(directory.size())) +
            raw(zip64 ? 0xffffffffU : static_cast<std::uint32_t>(content.size())) +
            raw(static_cast<std::uint16_t>(comment.size())) + comment;
    return file;
  }
};

}  // namespace mao_test
