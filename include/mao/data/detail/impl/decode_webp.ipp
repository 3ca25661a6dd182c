// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/data/detail/decode_webp.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include <mao/config.hpp>
#include <mao/data/detail/decode_jpeg.hpp>

#if defined(MAO_HAS_WEBP)
#include <webp/decode.h>
#include <webp/demux.h>
#endif

namespace mao::detail {

MAO_INLINE bool is_webp(std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::uint8_t, 4> riff{'R', 'I', 'F', 'F'}, webp{'W', 'E', 'B', 'P'};
  return bytes.size() >= 12 && std::equal(riff.begin(), riff.end(), bytes.begin()) &&
         std::equal(webp.begin(), webp.end(), bytes.begin() + 8);
}

}  // namespace mao::detail

#if defined(MAO_HAS_WEBP)

namespace mao::detail {

MAO_INLINE Image decode_webp(std::span<const std::uint8_t> bytes, const std::string& name, Transparency transparency) {
  WebPBitstreamFeatures features{};
  const bool known = WebPGetFeatures(bytes.data(), bytes.size(), &features) == VP8_STATUS_OK;
  require<FormatError>(known, name, ": not a readable WEBP, or cut short");
  require_sane_size(features.width, features.height, name);
  WebPAnimDecoderOptions options{};
  require<FormatError>(WebPAnimDecoderOptionsInit(&options) != 0, name,
                       ": libwebp is of another version than the headers that mao was built with");
  options.color_mode = MODE_RGBA;
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, &options),
                                                                                   &WebPAnimDecoderDelete);
  WebPAnimInfo info{};
  std::uint8_t* canvas = nullptr;
  int end_of_frame = 0;
  const bool whole = decoder != nullptr && WebPAnimDecoderGetInfo(decoder.get(), &info) != 0 &&
                     WebPAnimDecoderGetNext(decoder.get(), &canvas, &end_of_frame) != 0;
  require<FormatError>(whole, name, ": the WEBP is damaged or cut short");
  Image image(static_cast<int>(info.canvas_width), static_cast<int>(info.canvas_height));
  const bool blends = transparency == Transparency::white && features.has_alpha != 0;
  rgb_from_rgba(canvas, image.pixels, blends);
  return image;
}

}  // namespace mao::detail

#endif
