// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/decode_png.hpp>

#include <algorithm>
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

/// libpng's state. libpng reports errors with `longjmp`, so every call goes through `guarded`, and what runs inside
/// must not create objects that need a destructor.
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

/// What the header says, and what the rows become: RGB or RGBA of 8 bits, or grey of 16 bits.
struct PngLayout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  int colour = 0;
  int depth = 0;
  bool deep_grey = false;

  [[nodiscard]] bool palette() const { return colour == PNG_COLOR_TYPE_PALETTE; }
  [[nodiscard]] bool alpha() const { return (colour & PNG_COLOR_MASK_ALPHA) != 0; }
};

MAO_INLINE PngLayout start_png(PngReader& reader, const std::string& name) {
  PngLayout layout;
  const bool ok = reader.guarded([&reader, &layout](png_structp png, png_infop info) {
    png_set_read_fn(png, &reader, &PngReader::read);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
    png_read_info(png, info);
    layout.width = png_get_image_width(png, info);
    layout.height = png_get_image_height(png, info);
    layout.colour = png_get_color_type(png, info);
    layout.depth = png_get_bit_depth(png, info);
    layout.deep_grey = layout.colour == PNG_COLOR_TYPE_GRAY && layout.depth == 16;
  });
  require<FormatError>(ok, name, ": not a readable PNG: ", reader.message());
  require_sane_size(layout.width, layout.height, name);
  return layout;
}

/// Asks libpng for RGB rows, or RGBA rows of a picture whose alpha is kept. Of 16-bit colour the high byte stays.
MAO_INLINE void ask_for_rgb(png_structp png, png_infop info, bool deep_grey, bool keeps_alpha) {
  const int colour = png_get_color_type(png, info);
  if (colour == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (colour == PNG_COLOR_TYPE_GRAY && !deep_grey) png_set_expand_gray_1_2_4_to_8(png);
  if (!deep_grey) {
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
  }
  if (!keeps_alpha) png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
}

MAO_INLINE std::optional<std::span<const std::uint8_t>> transparent_entries(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t signature = 8, around = 12;  // length, name and checksum of a chunk
  std::optional<std::span<const std::uint8_t>> found;
  auto left = bytes.subspan(std::min(signature, bytes.size()));
  while (left.size() >= around) {
    const std::size_t length = (std::size_t{left[0]} << 24U) | (std::size_t{left[1]} << 16U) |
                               (std::size_t{left[2]} << 8U) | std::size_t{left[3]};
    if (length > left.size() - around || std::memcmp(left.data() + 4, "IDAT", 4) == 0) break;
    if (std::memcmp(left.data() + 4, "tRNS", 4) == 0) found = left.subspan(8, length);
    left = left.subspan(around + length);
  }
  return found;
}

/// **Throws** `FormatError` for a chunk that Pillow refuses.
MAO_INLINE void check_entries(std::span<const std::uint8_t> entries, const PngLayout& layout, const std::string& name) {
  const std::size_t least = layout.palette() || layout.alpha() ? 0 : layout.colour == PNG_COLOR_TYPE_GRAY ? 2 : 6;
  const bool fits = entries.size() >= least && (!layout.palette() || entries.size() <= 256);
  require<FormatError>(fits, name, ": the PNG's transparency (tRNS) has ", entries.size(), " bytes; expected ",
                       layout.palette() ? "at most 256"
                       : least == 2     ? "2, one grey"
                                        : "6, one colour",
                       "; save the image again");
}

/// Puts white behind the colours of the palette. Entries that the file does not have are black, as in Pillow.
MAO_INLINE void whiten_palette(png_structp png, png_infop info, int depth, std::span<const std::uint8_t> entries) {
  png_colorp stored = nullptr;
  int count = 0;
  if (png_get_PLTE(png, info, &stored, &count) == 0) return;  // libpng says what is missing
  std::array<png_color, 256> colours{};
  std::copy_n(stored, count, colours.begin());
  const std::size_t size = std::min<std::size_t>(std::size_t{1} << static_cast<unsigned>(depth), colours.size());
  for (std::size_t i = 0; i < std::min(size, entries.size()); ++i) {
    png_color& colour = colours[i];
    colour = {over_white(colour.red, entries[i]), over_white(colour.green, entries[i]),
              over_white(colour.blue, entries[i])};
  }
  png_set_PLTE(png, info, colours.data(), static_cast<int>(size));
}

/// Makes pixels of the one transparent colour white. Pillow compares the low byte of what the chunk says with the 8
/// bits that it made of a sample, at any depth; black and white pictures alone know two values.
MAO_INLINE void whiten_colour(std::vector<std::uint8_t>& rgb, const PngLayout& layout,
                              std::span<const std::uint8_t> entries) {
  std::array<std::uint8_t, 3> key{entries[1], entries[1], entries[1]};
  if (layout.colour == PNG_COLOR_TYPE_RGB) key = {entries[1], entries[3], entries[5]};
  if (layout.depth == 1) key.fill(entries[0] != 0 || entries[1] != 0 ? 255 : 0);
  for (std::size_t i = 0; i + 2 < rgb.size(); i += 3) {
    if (std::equal(key.begin(), key.end(), &rgb[i])) std::fill_n(&rgb[i], 3, std::uint8_t{255});
  }
}

MAO_INLINE Image decode_png(std::span<const std::uint8_t> bytes, const std::string& name, Transparency transparency) {
  PngReader reader(bytes);
  const PngLayout layout = start_png(reader, name);
  const bool white = transparency == Transparency::white, alpha = white && layout.alpha();
  const auto entries = white && !layout.alpha() ? transparent_entries(bytes) : std::nullopt;
  if (entries) check_entries(*entries, layout, name);
  Image image(static_cast<int>(layout.width), static_cast<int>(layout.height));
  const std::size_t count = static_cast<std::size_t>(layout.width) * layout.height;
  const std::size_t pixel_bytes = layout.deep_grey ? 2 : alpha ? 4 : 3;
  std::vector<std::uint8_t> other(pixel_bytes != 3 ? count * pixel_bytes : 0);
  std::uint8_t* const target = pixel_bytes != 3 ? other.data() : image.pixels.data();
  const std::size_t row_bytes = layout.width * pixel_bytes;
  std::vector<png_bytep> rows(layout.height);
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = target + y * row_bytes;
  png_bytepp const row_table = rows.data();
  const bool ok = reader.guarded([row_table, row_bytes, alpha, &entries, &layout](png_structp png, png_infop info) {
    if (entries && layout.palette()) whiten_palette(png, info, layout.depth, *entries);
    ask_for_rgb(png, info, layout.deep_grey, alpha);
    if (png_get_rowbytes(png, info) != row_bytes) png_error(png, "an unknown kind of pixels");
    png_read_image(png, row_table);
    png_read_end(png, nullptr);
  });
  require<FormatError>(ok, name, ": the PNG is damaged or cut short: ", reader.message());
  if (layout.deep_grey) rgb_from_deep_grey(other.data(), image.pixels.data(), count);
  if (alpha) rgb_from_rgba(other.data(), image.pixels, true);
  if (entries && !layout.palette()) whiten_colour(image.pixels, layout, *entries);
  return image;
}

}  // namespace mao::detail
