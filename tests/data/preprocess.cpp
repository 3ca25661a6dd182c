// SPDX-License-Identifier: Apache-2.0
#include <mao/data/preprocess.hpp>
#include <set>
#include <string>
#include <vector>

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

TEST_CASE("a description names what is done, and differs wherever two settings do", "[preprocess]") {
  CHECK(describe(Preprocess{}) ==
        "resize mode shortest to 224 px, bicubic, centre of 224; mean 0.48145467 0.4578275 0.40821072, std 0.26862955 "
        "0.2613026 0.2757771");
  const std::vector<Preprocess> all{{},
                                    {.resolution = 336},
                                    {.resize = 256},
                                    {.mean = {0.5F, 0.4578275F, 0.40821073F}},
                                    {.mean = {0.48145466F, 0.4578275F, 0.40821073F + 3e-8F}},
                                    {.deviation = {0.5F, 0.5F, 0.5F}},
                                    {.filter = mao::Filter::bilinear},
                                    {.mode = mao::ResizeMode::squash},
                                    {.resize = 256, .mode = mao::ResizeMode::squash},
                                    {.mode = mao::ResizeMode::longest},
                                    {.mode = mao::ResizeMode::longest, .fill = 1},
                                    {.crop_rounds_down = true},
                                    {.transparency = mao::Transparency::white}};
  std::set<std::string> lines;
  for (const Preprocess& each : all) lines.insert(describe(each));
  CHECK(lines.size() == all.size());
}
