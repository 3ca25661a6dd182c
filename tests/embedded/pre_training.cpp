// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <string>

#include <unistd.h>

#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/core/random.hpp>

#include "embedded/bpe_training.hpp"
#include "embedded/pre_training.hpp"

namespace embedded = mao::embedded;
using mao::Rng;

namespace {

mao::ClipTokenizer tokenizer() {
  return mao::ClipTokenizer(embedded::learned_merges(embedded::caption_sample(2000, Rng(1)), 1000));
}

struct TemporaryFolder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("mao-embedded-" + std::to_string(::getpid()));
  TemporaryFolder() { std::filesystem::create_directories(path); }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("the learning rate warms up, then falls to 2 %", "[embedded]") {
  const embedded::PreTrainingOptions options;
  CHECK(embedded::learning_rate(options, 0) == Approx(options.learning_rate / 150));
  CHECK(embedded::learning_rate(options, 149) == Approx(options.learning_rate));
  CHECK(embedded::learning_rate(options, options.steps) == Approx(0.02 * options.learning_rate));
}

TEST_CASE("a caption that holds for two pictures is no negative of either", "[embedded]") {
  const auto image = at::eye(4), scale = at::full({}, 5.0);
  auto text = at::eye(4);
  text[1].copy_(text[0]);  // captions 0 and 1 say the same
  const auto nothing = at::zeros({4, 4});
  auto also_true = at::zeros({4, 4});
  also_true[0][1].fill_(1);
  const double plain = embedded::contrastive_loss(image, text, scale, nothing).item<double>();
  CHECK(embedded::contrastive_loss(image, text, scale, also_true).item<double>() < plain);
  const double matched = embedded::contrastive_loss(image, image, scale, nothing).item<double>();
  CHECK(matched == Approx(std::log(std::exp(5.0) + 3) - 5));
}

TEST_CASE("a batch is a function of seed and step", "[embedded]") {
  const auto words = tokenizer();
  const embedded::BatchMaker make(words, 24, 32, 5);
  const embedded::BatchMaker again(words, 24, 32, 5);
  const auto batch = make(7);
  CHECK(batch.pictures.equal(again(7).pictures));
  CHECK(batch.text.tokens.equal(again(7).text.tokens));
  CHECK_FALSE(batch.pictures.equal(make(8).pictures));
  CHECK(batch.also_true.diagonal().sum().item<float>() == 0);
  CHECK(batch.text.tokens.gather(1, batch.text.ends.unsqueeze(1)).eq(words.end_token()).all().item<bool>());
}

TEST_CASE("a continued run ends where an uninterrupted one does", "[embedded]") {
  const TemporaryFolder folder;
  const auto words = tokenizer();
  embedded::ModelSizes sizes{.vision_width = 64, .vision_layers = 1, .text_width = 64, .text_layers = 1, .embed = 16};
  sizes.vocabulary = words.size();
  embedded::PreTrainingOptions options{
      .steps = 4, .batch = 8, .warm_up = 1, .precision = at::kFloat, .folder = folder.path};
  embedded::PreTraining whole(options, sizes);
  whole.run(words, [](std::int64_t) {});
  options.stop_at = 2;
  embedded::PreTraining first(options, sizes);
  first.run(words, [](std::int64_t) {});
  options.stop_at = -1;
  embedded::PreTraining second(options, sizes);
  second.resume();
  CHECK(second.step() == 2);
  second.run(words, [](std::int64_t) {});
  for (const auto& [name, value] : whole.model()) {
    INFO(name);
    CHECK((value - second.model().at(name)).abs().max().item<double>() < 1e-5);
  }
}
