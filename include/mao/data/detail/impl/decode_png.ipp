// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/decode_png.hpp>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <vector>

#include <png.h>

#include <mao/config.hpp>
#include <mao/core/error.hpp>
#include <mao/data/detail/decode_jpeg.hpp>

namespace mao::detail {

/// libpng's state. libpng reports errors with `longjmp`, so every call goes through `guarded`, and what runs inside must not
/// create objects that need a destructor.
class PngReader {
 public:
  explicit PngReader(std::span<const std::uint8_t> bytes) : left_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, &PngReader::fail, &PngReader::ignore);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// Runs `step(png_structp, png_infop)`; false when libpng gave up, see `message()`.
  template <class Step>
  bool guarded(const Step& step) {
    if (png_ == nullptr || info_ == nullptr) return false;
    if (setjmp(jump_) != 0) return false;
    step(png_, info_);
    return true;
  }

  /// libpng calls this for more bytes.
  static void read(png_structp png, png_bytep target, std::size_t count) {
    auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (count > self->left_.size()) png_error(png, "the file ends too early");
    std::memcpy(target, self->left_.data(), count);
    self->left_ = self->left_.subspan(count);
  }

  [[nodiscard]] const char* message() const { return text_.data(); }

 private:
  [[noreturn]] static void fail(png_structp png, png_const_charp text) {
    auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self->text_.data(), self->text_.size(), "%s", text);
    std::longjmp(self->jump_, 1);
  }
  static void ignore(png_structp, png_const_charp) {}

  std::span<const std::uint8_t> left_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 256> text_{"libpng could not be started"};
};

/// What the header says, and what the rows become: RGB of 8 bits, or grey of 16 bits.
struct PngLayout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool deep_grey = false;
};

MAO_INLINE PngLayout start_png(PngReader& reader, const std::string& name) {
  PngLayout layout;
  const bool ok = reader.guarded([&reader, &layout](png_structp png, png_infop info) {
    png_set_read_fn(png, &reader, &PngReader::read);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_read_info(png, info);
    layout.width = png_get_image_width(png, info);
    layout.height = png_get_image_height(png, info);
    layout.deep_grey = png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(png, info) == 16;
  });
  require<FormatError>(ok, name, ": not a readable PNG: ", reader.message());
  require_sane_size(layout.width, layout.height, name);
  return layout;
}

/// Asks libpng for RGB rows. Alpha is dropped, not blended; of 16-bit colour the high byte stays.
MAO_INLINE void ask_for_rgb(png_structp png, png_infop info, bool deep_grey) {
  const int colour = png_get_color_type(png, info);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colour == PNG_COLOR_TYPE_GRAY && !deep_grey) png_set_expand_gray_1_2_4_to_8(png);
  if (!deep_grey) {
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
  }
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

MAO_INLINE Image decode_png(std::span<const std::uint8_t> bytes, const std::string& name) {
  PngReader reader(bytes);
  const PngLayout layout = start_png(reader, name);
  Image image(static_cast<int>(layout.width), static_cast<int>(layout.height));
  const std::size_t count = static_cast<std::size_t>(layout.width) * layout.height;
  std::vector<std::uint8_t> deep(layout.deep_grey ? count * 2 : 0);
  std::uint8_t* const target = layout.deep_grey ? deep.data() : image.pixels.data();
  const std::size_t row_bytes = static_cast<std::size_t>(layout.width) * (layout.deep_grey ? 2 : 3);
  std::vector<png_bytep> rows(layout.height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = target + y * row_bytes;
  png_bytepp const row_table = rows.data();
  const bool ok = reader.guarded([row_table, row_bytes, &layout](png_structp png, png_infop info) {
    ask_for_rgb(png, info, layout.deep_grey);
    if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "an unknown kind of pixels");
    png_read_image(png, row_table);
    png_read_end(png, nullptr);
  });
  require<FormatError>(ok, name, ": the PNG is damaged or cut short: ", reader.message());
  if (layout.deep_grey) rgb_from_deep_grey(deep.data(), image.pixels.data(), count);
  return image;
}

}  // namespace mao::detail
