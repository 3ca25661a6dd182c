// SPDX-License-Identifier: Apache-2.0
#include <mao/data/preprocess.hpp>
#include <support/catch.hpp>

using mao::Preprocess;

TEST_CASE("the defaults are what OpenAI's CLIP was trained with", "[preprocess]") {
  const Preprocess clip;
  CHECK(clip.resolution == 224);
  CHECK(clip.short_side() == 224);
  CHECK(clip.mean == std::array<float, 3>{0.48145466F, 0.4578275F, 0.40821073F});
  CHECK(clip.deviation == std::array<float, 3>{0.26862954F, 0.26130258F, 0.27577711F});
}

TEST_CASE("the short side is the resolution unless another is given", "[preprocess]") {
  CHECK(Preprocess{.resolution = 336}.short_side() == 336);
  CHECK(Preprocess{.resolution = 224, .resize = 256}.short_side() == 256);
}

TEST_CASE("symmetric preprocessing sends 0 to -1 and 1 to 1", "[preprocess]") {
  const Preprocess symmetric = Preprocess::symmetric(96);
  CHECK(symmetric.resolution == 96);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    CHECK((0 - symmetric.mean[channel]) / symmetric.deviation[channel] == -1);
    CHECK((1 - symmetric.mean[channel]) / symmetric.deviation[channel] == 1);
  }
}

TEST_CASE("each setting counts for equality", "[preprocess]") {
  const Preprocess clip;
  CHECK(Preprocess{} == clip);
  CHECK_FALSE(Preprocess{.resolution = 336} == clip);
  CHECK_FALSE(Preprocess{.resize = 256} == clip);
  CHECK_FALSE(Preprocess::symmetric(224) == clip);
}
