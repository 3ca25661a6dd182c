// SPDX-License-Identifier: Apache-2.0
#include <mao/embedded/toy_model.hpp>

#include <mao/core/detail/ops.hpp>

#include <algorithm>
#include <set>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::toy_sizes;
using mao::testing::ToyImages;
using mao::testing::ToyModel;

TEST_CASE("a toy model is its seed, and its weights are a whole CLIP", "[toy_model]") {
  CHECK(ToyModel(3).fingerprint() == ToyModel(3).fingerprint());
  CHECK(ToyModel(3).fingerprint() != ToyModel(4).fingerprint());
  const ToyModel model(3);
  CHECK(infer_architecture(model.weights(), "toy") == toy_sizes());
  CHECK(model.logit_scale() == Approx(std::exp(model.weights().at("logit_scale").item<double>())));
  CHECK(model.preprocess().resolution == toy_sizes().resolution);
}

TEST_CASE("each word is one token of its own, never start or end", "[toy_model]") {
  const ToyModel model;
  CHECK(model.tokenize("a photo of a").size() == 4);
  CHECK(model.tokenize("owl.").size() == 2);
  CHECK(model.tokenize("big dog") != model.tokenize("dog big"));
  std::set<std::vector<std::int64_t>> names;
  for (const std::string& name : toy_classes(12).names) {
    const auto tokens = model.tokenize(readable(name));
    CHECK(names.insert(tokens).second);
    CHECK(std::ranges::all_of(tokens, [&](std::int64_t id) { return id >= 0 && id < model.start_token(); }));
  }
  CHECK(toy_classes(14).names.back() == "class 13");
}

TEST_CASE("images of a class are nearer to each other than to those of any other", "[toy_model]") {
  const ToyImages images(4, 3, 1), others(4, 3, 2);
  REQUIRE(images.labels == std::vector<std::int64_t>{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3});
  CHECK_FALSE(images.pixels.equal(others.pixels));
  for (std::int64_t i = 0; i < 12; ++i) {  // also between a training and a test set
    const Tensor distances = others.pixels.sub(images.pixels[i]).flatten(1).norm(2, -1);
    CHECK(images.labels[static_cast<std::size_t>(distances.argmin().item<std::int64_t>())] == i / 3);
  }
}
