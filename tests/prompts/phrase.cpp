// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/phrase.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

#include <ATen/ops/tensor.h>

using namespace mao;
using mao::testing::ToyModel;

namespace {

std::vector<std::int64_t> first_tokens(const ToyModel& model, const std::string& text, std::size_t count) {
  auto tokens = model.tokenize(text);
  tokens.resize(count);
  return tokens;
}

}  // namespace

TEST_CASE("a phrase has a vector a word, placeholders have one each", "[phrase]") {
  const auto words = ContextPhrase::words("a_photo of a");
  CHECK(words.prefix == "a photo of a");
  CHECK(words.length == 4);
  CHECK_FALSE(words.random());
  const auto placeholders = ContextPhrase::placeholders(3);
  CHECK(placeholders.prefix == "X X X");
  CHECK(placeholders.length == 3);
  CHECK(placeholders.random());
  CHECK_FALSE(ContextPhrase::words("X-ray of a").random());
}

TEST_CASE("the first words of a phrase, or placeholders where it is too short", "[phrase]") {
  const auto two = ContextPhrase::first_words("a photo of a", 2);
  CHECK(two.prefix == "a photo of a");
  CHECK(two.length == 2);
  CHECK(ContextPhrase::first_words("a photo of a", 5).prefix == "X X X X X");
  CHECK(ContextPhrase::first_words("", 2).random());
  CHECK_THROWS_WITH(ContextPhrase::first_words("a photo", 0), ContainsSubstring("at least 1 is needed"));
}

TEST_CASE("a phrase in the last vectors starts from zeros and its words", "[phrase]") {
  const auto model = ToyModel::make();
  const auto phrase = ContextPhrase::last_words("a photo of a", 6);
  CHECK(phrase.prefix == "X X a photo of a");
  CHECK(phrase.length == 6);
  CHECK_FALSE(phrase.random());
  const Tensor start = initial_context(*model, phrase, Rng(1));
  REQUIRE(start.sizes() == at::IntArrayRef({6, 64}));
  CHECK(start.narrow(0, 0, 2).abs().max().item<double>() == 0);
  CHECK(start.narrow(0, 2, 4).equal(model->embed(at::tensor(first_tokens(*model, "a photo of a", 4)))));
  CHECK(ContextPhrase::last_words("a photo of a", 4).prefix == "a photo of a");
  CHECK_THROWS_WITH(ContextPhrase::last_words("a photo of a", 3), ContainsSubstring("4 words for 3 vectors"));
}

TEST_CASE("a context starts from its words, or at random from its seed", "[phrase]") {
  const auto model = ToyModel::make();
  const Tensor words = initial_context(*model, ContextPhrase::words("a photo"), Rng(1));
  CHECK(words.equal(model->embed(at::tensor(first_tokens(*model, "a photo", 2)))));
  const auto placeholders = ContextPhrase::placeholders(16);
  const Tensor random = initial_context(*model, placeholders, Rng(1));
  CHECK(random.equal(initial_context(*model, placeholders, Rng(1))));
  CHECK_FALSE(random.equal(initial_context(*model, placeholders, Rng(2))));
  CHECK(random.std().item<double>() == Approx(0.02).epsilon(0.1));  // 1,024 draws
}
