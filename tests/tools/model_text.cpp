// SPDX-License-Identifier: Apache-2.0
#include "models/model_text.hpp"

#include <support/catch.hpp>

using mao::Preprocess;
using mao::ResizeMode;
using mao_program::pixels_text;

TEST_CASE("a fact is followed by its reason", "[model_text]") {
  CHECK(mao_program::with_reason("gelu, as a/config.json says") == "gelu (as a/config.json says)");
  CHECK(mao_program::with_reason("gelu") == "gelu");
}

TEST_CASE("what becomes of an image is told in words", "[model_text]") {
  CHECK_THAT(pixels_text({}),
             ContainsSubstring("short side resized to 224 px (bicubic), the 224 x 224 px at the centre "
                               "cut out; mean 0.48145467 "));
  CHECK_THAT(pixels_text({.resolution = 224, .resize = 256}),
             ContainsSubstring("resized to 256 px (bicubic), the 224 x"));
  CHECK_THAT(pixels_text({.resolution = 48, .filter = mao::Filter::bilinear, .mode = ResizeMode::squash}),
             ContainsSubstring("resized to 48 x 48 px (bilinear); mean "));
  CHECK_THAT(pixels_text({.resolution = 48, .mode = ResizeMode::longest, .fill = 127}),
             ContainsSubstring("long side resized to 48 px (bicubic), the rest of the square filled with 127; mean "));
}
