// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>
#include <string>

#include <unistd.h>

#include <ATen/ops/conv2d.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/zeros.h>

#include <support/catch.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/core/random.hpp>

#include "embedded/bpe_training.hpp"
#include "embedded/clip_start.hpp"
#include "embedded/pre_training.hpp"
#include "embedded/siglip_files.hpp"
#include "embedded/trainable_siglip.hpp"
#include "embedded/zero_shot.hpp"

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

/// A run that stops after two of its four steps and is continued has the weights of one that is not stopped.
template <class Model, class Tokenizer>
void expect_continues(const Tokenizer& words, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  embedded::ModelSizes sizes{.vision_width = 64, .vision_layers = 1, .text_width = 64, .text_layers = 1, .embed = 64};
  sizes.vocabulary = words.size();
  embedded::PreTrainingOptions options{.steps = 4, .batch = 8, .warm_up = 1, .precision = at::kFloat, .folder = folder};
  embedded::PreTraining<Model> whole(options, sizes);
  whole.run(words, [](std::int64_t) {});
  options.stop_at = 2;
  embedded::PreTraining<Model> first(options, sizes);
  first.run(words, [](std::int64_t) {});
  options.stop_at = -1;
  embedded::PreTraining<Model> second(options, sizes);
  second.resume();
  CHECK(second.step() == 2);
  second.run(words, [](std::int64_t) {});
  for (const auto& [name, value] : whole.model()) {
    INFO(name);
    CHECK((value - second.model().at(name)).abs().max().template item<double>() < 1e-5);
  }
}

}  // namespace

TEST_CASE("the learning rate warms up, then falls to 2 %", "[embedded]") {
  const embedded::PreTrainingOptions options;
  CHECK(embedded::learning_rate(options, 0) == Approx(options.learning_rate / 150));
  CHECK(embedded::learning_rate(options, 149) == Approx(options.learning_rate));
  CHECK(embedded::learning_rate(options, options.steps) == Approx(0.02 * options.learning_rate));
}

TEST_CASE("a caption that holds for two images is no negative of either", "[embedded]") {
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

TEST_CASE("a caption that holds for two images is a yes for both in the pairwise loss", "[embedded]") {
  const auto image = at::eye(2), scale = at::full({1}, 5.0), bias = at::full({1}, -2.0);
  const auto nothing = at::zeros({2, 2});
  const auto cost = [](double logit) { return std::log1p(std::exp(-logit)); };
  const double apart = embedded::pairwise_loss(image, image, scale, bias, nothing).item<double>();
  CHECK(apart == Approx(cost(3) + cost(2)));  // own pair 5 - 2, other pair -(0 - 2)
  auto also_true = at::zeros({2, 2});
  also_true[0][1].fill_(1);
  const double shared = embedded::pairwise_loss(image, image, scale, bias, also_true).item<double>();
  CHECK(shared == Approx((2 * cost(3) + cost(2) + cost(-2)) / 2));
}

TEST_CASE("rows of a SigLIP are as long as the context", "[embedded]") {
  const TemporaryFolder folder;
  embedded::write_piece_tokenizer(embedded::learned_merges({"a red cat."}, 100, embedded::WordMark::Space),
                                  folder.path);
  const auto pieces = mao::PieceTokenizer::load(folder.path);
  const auto rows = embedded::token_rows(pieces, {"a cat.", "red"}, 8);
  CHECK(rows.tokens.size(0) == 2);
  CHECK(rows.tokens.size(1) == 8);
  CHECK(rows.ends.eq(7).all().item<bool>());
  CHECK(rows.tokens[1][1].item<std::int64_t>() == pieces.end_token());
  CHECK_THROWS_AS(embedded::token_rows(pieces, {"a red cat."}, 4), mao::DataError);
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
  expect_continues<embedded::TrainableClip>(tokenizer(), folder.path / "clip");
  embedded::write_piece_tokenizer(
      embedded::learned_merges(embedded::caption_sample(2000, Rng(1)), 1000, embedded::WordMark::Space), folder.path);
  expect_continues<embedded::TrainableSiglip>(mao::PieceTokenizer::load(folder.path), folder.path / "siglip");
}

TEST_CASE("scale and bias of a SigLIP learn ten times as fast", "[embedded]") {
  const TemporaryFolder folder;
  embedded::write_piece_tokenizer(
      embedded::learned_merges(embedded::caption_sample(2000, Rng(1)), 1000, embedded::WordMark::Space), folder.path);
  const auto pieces = mao::PieceTokenizer::load(folder.path);
  embedded::ModelSizes sizes{.vision_width = 64, .vision_layers = 1, .text_width = 64, .text_layers = 1, .embed = 64};
  sizes.vocabulary = pieces.size();
  embedded::PreTraining<embedded::TrainableSiglip> run(
      {.steps = 1, .batch = 8, .learning_rate = 1e-3, .warm_up = 1, .precision = at::kFloat, .folder = folder.path},
      sizes);
  const auto before = embedded::TrainableSiglip::initial_weights(sizes, 1);
  run.run(pieces, [](std::int64_t) {});
  const auto moved = [&](const char* name) {
    return (run.model().at(name) - before.at(name)).abs().max().item<double>();
  };
  CHECK(moved("logit_scale") == Approx(1e-2).epsilon(0.01));  // the first step of Adam is the learning rate
  CHECK(moved("logit_bias") == Approx(1e-2).epsilon(0.01));
  CHECK(moved("text_projection.bias") == Approx(1e-3).epsilon(0.01));
}

TEST_CASE("a SigLIP that starts from a CLIP sees patches as it did after its first norm", "[embedded]") {
  const embedded::ModelSizes sizes;
  const auto clip = embedded::TrainableClip::initial_weights(sizes, 3);
  const auto bytes = embedded::photos(embedded::seen_combinations(), 4, 2).bytes;
  const auto pixels = embedded::normalised(bytes);
  const auto start = embedded::image_start(clip, pixels);
  const auto tokens = [](const mao::Tensor& pictures, const mao::Tensor& kernel, const mao::Tensor& bias,
                         const mao::Tensor& positions) {
    return at::conv2d(pictures, kernel, bias, 8).flatten(2).transpose(1, 2) + positions;
  };
  const auto normed = [](const mao::Tensor& x) { return at::layer_norm(x, {x.size(-1)}); };
  const auto own =
      tokens(embedded::normalised(bytes, embedded::TrainableSiglip::preprocess()), start.at("visual.conv1.weight"),
             start.at("visual.conv1.bias"), start.at("visual.positional_embedding"));
  const auto theirs = tokens(pixels, clip.at("visual.conv1.weight"), {},
                             clip.at("visual.positional_embedding").narrow(0, 1, sizes.patches()));
  CHECK((normed(own) - normed(theirs)).abs().max().item<double>() < 1e-2);
  CHECK(own.square().mean(-1).sqrt().mean().item<double>() == Approx(1.0).epsilon(0.01));
  const std::string block = "visual.transformer.resblocks.3.mlp.c_fc.weight";
  CHECK(start.at(block).equal(clip.at(block)));
}
