// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/detail/compare.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>
#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/ones.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

TEST_CASE("rows come to unit length and keep their direction", "[compare]") {
  const Tensor rows = normal_tensor({7, 5}, 3.0, Rng(1)), unit = unit_rows(rows);
  CHECK(largest_difference(unit.norm(2, -1), at::ones({7})) < 1e-6);
  CHECK(largest_difference(unit * rows.norm(2, -1, true), rows) < 1e-5);
  CHECK(largest_difference(unit_rows(rows * 100.0), unit) < 1e-6);
  const Tensor cube = normal_tensor({2, 3, 5}, 1.0, Rng(2));
  CHECK(largest_difference(unit_rows(cube).select(0, 1), unit_rows(cube.select(0, 1))) == 0);
}

TEST_CASE("logits are scaled cosines, one column a candidate", "[compare]") {
  const Tensor image = unit_rows(normal_tensor({4, 6}, 1.0, Rng(1))),
               text = unit_rows(normal_tensor({3, 6}, 1.0, Rng(2)));
  const Candidates candidates{{9, 2, 5}};
  const Output output = compare(image, text, 12.5, candidates);
  CHECK(output.candidates == candidates);
  CHECK(output.scale.item<float>() == 12.5F);
  CHECK(output.image.equal(image));
  CHECK(output.text.equal(text));
  for (std::int64_t b = 0; b < 4; ++b) {
    for (std::int64_t h = 0; h < 3; ++h) {
      const double cosine = (image[b] * text[h]).sum().item<double>();
      CHECK(output.logits[b][h].item<double>() == Approx(12.5 * cosine).margin(1e-5));
    }
  }
  CHECK(output.logits.abs().max().item<float>() <= 12.5F + 1e-4F);
}

TEST_CASE("images with room for the frozen features are encoded once by each model", "[compare]") {
  const auto one = ToyModel::make(1), two = ToyModel::make(2);
  const Tensor pixels = ToyImages(2, 1, 1).pixels;
  const ImageBatch plain{.pixels = pixels, .features = {}};
  ImageBatch images = plain;
  images.frozen = std::make_shared<FrozenFeatures>();
  const Tensor rows = raw_frozen_image_features(*one, images);
  CHECK(raw_frozen_image_features(*one, ImageBatch(images)).is_same(rows));
  CHECK(rows.equal(raw_frozen_image_features(*one, plain)));
  CHECK(raw_frozen_image_features(*two, images).equal(raw_frozen_image_features(*two, plain)));
  CHECK(raw_frozen_image_features(*one, images).equal(rows));
}

TEST_CASE("the frozen tower's features carry no gradient, and kept ones are not computed again", "[compare]") {
  const auto model = ToyModel::make();
  Tensor pixels = ToyImages(2, 2, 3).pixels;
  pixels.requires_grad_(true);
  const Tensor features = frozen_image_features(*model, {.pixels = pixels, .features = {}});
  CHECK_FALSE(features.requires_grad());
  CHECK(largest_difference(features, unit_rows(model->encode_image(pixels)).detach()) < 1e-6);
  const Tensor kept = normal_tensor({4, 16}, 2.0, Rng(1));
  CHECK(frozen_image_features(*model, {.pixels = pixels, .features = kept}).equal(unit_rows(kept)));
}
