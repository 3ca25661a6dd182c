// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/decode_jpeg.hpp>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <vector>

#include <jerror.h>
#include <jpeglib.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>

namespace mao::detail {

MAO_INLINE void require_sane_size(std::int64_t width, std::int64_t height, const std::string& name) {
  require<FormatError>(width > 0 && height > 0 && width <= largest_picture / height, name, ": an image of ", width, "x",
                       height, " pixels; expected 1 to ", largest_picture, " pixels. Scale it down first");
}

/// libjpeg's state. libjpeg reports errors with `longjmp`, so every call goes through `guarded`, and what runs inside
/// must not create objects that need a destructor.
class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = &JpegReader::fail;
    errors_.base.emit_message = &JpegReader::note;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info_); }

  /// Runs `step(jpeg_decompress_struct&)`; false when libjpeg gave up, see `message()`.
  template <class Step>
  bool guarded(const Step& step) {
    if (setjmp(errors_.jump) != 0) return false;
    step(info_);
    return true;
  }

  [[nodiscard]] const char* message() const { return errors_.text.data(); }
  [[nodiscard]] const jpeg_decompress_struct& info() const { return info_; }

 private:
  struct Errors {
    jpeg_error_mgr base;  // first: libjpeg hands out a pointer to it
    std::jmp_buf jump;
    std::array<char, JMSG_LENGTH_MAX> text;
  };

  [[noreturn]] static void fail(j_common_ptr info) {
    auto* errors = reinterpret_cast<Errors*>(info->err);
    errors->base.format_message(info, errors->text.data());
    std::longjmp(errors->jump, 1);
  }

  /// Damage inside the data is libjpeg's to paper over, as Pillow does, but a file that ends too early is an error.
  static void note(j_common_ptr info, int level) {
    if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) fail(info);
  }

  jpeg_decompress_struct info_{};
  Errors errors_{};
};

MAO_INLINE void rgb_from_cmyk(const std::uint8_t* cmyk, std::uint8_t* rgb, int width) {
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const int paper = cmyk[3];
    for (int channel = 0; channel < 3; ++channel) rgb[channel] = cmyk_channel(255 - cmyk[channel], paper);
  }
}

MAO_INLINE void start_jpeg(JpegReader& reader, std::span<const std::uint8_t> bytes, const std::string& name) {
  const bool ok = reader.guarded([bytes](jpeg_decompress_struct& info) {
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info, TRUE);
  });
  require<FormatError>(ok, name, ": not a readable JPEG: ", reader.message());
  require_sane_size(reader.info().image_width, reader.info().image_height, name);
  const int channels = reader.info().num_components;
  require<FormatError>(channels == 1 || channels == 3 || channels == 4, name, ": a JPEG with ", channels,
                       " channels; expected 1 (grey), 3 (colour) or 4 (CMYK)");
  const bool started = reader.guarded([channels](jpeg_decompress_struct& info) {
    info.out_color_space = channels == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info);
  });
  require<FormatError>(started, name, ": not a readable JPEG: ", reader.message());
}

MAO_INLINE Image decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name) {
  JpegReader reader;
  start_jpeg(reader, bytes, name);
  const bool cmyk = reader.info().out_color_space == JCS_CMYK;
  Image image(static_cast<int>(reader.info().output_width), static_cast<int>(reader.info().output_height));
  const int width = image.width;
  const std::size_t row_bytes = static_cast<std::size_t>(width) * 3;
  std::vector<std::uint8_t> cmyk_row(cmyk ? static_cast<std::size_t>(width) * 4 : 0);
  std::uint8_t* const pixels = image.pixels.data();
  std::uint8_t* const scratch = cmyk_row.data();
  const bool ok = reader.guarded([=](jpeg_decompress_struct& info) {
    while (info.output_scanline < info.output_height) {
      std::uint8_t* const target = pixels + info.output_scanline * row_bytes;
      JSAMPROW row = cmyk ? scratch : target;
      jpeg_read_scanlines(&info, &row, 1);
      if (cmyk) rgb_from_cmyk(scratch, target, width);
    }
    jpeg_finish_decompress(&info);
  });
  require<FormatError>(ok, name, ": the JPEG is damaged or cut short: ", reader.message());
  return image;
}

}  // namespace mao::detail
