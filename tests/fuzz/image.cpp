// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <mao/data/decode.hpp>
#include <mao/data/detail/transform.hpp>
#include <span>
#include <vector>

/// Any bytes give a `FormatError` or a picture that can be shown to a model.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const mao::Image image = mao::decode_image(std::span(data, size), "fuzz");
    if (image.pixels.size() > (1U << 22)) return 0;  // slow, not wrong
    std::vector<float> view(3 * 16 * 16);
    if (image.width < 32 * image.height && image.height < 32 * image.width) {
      mao::evaluation_view(image, {.resolution = 16}, view.data());
    }
    mao::augmented_view(image, {.resolution = 16}, {}, mao::Rng(size), view.data());
  } catch (const mao::FormatError&) {
  }
  return 0;
}
