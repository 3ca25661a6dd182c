// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/templates.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using mao::testing::ToyModel;

TEST_CASE("a template takes the readable name where its braces are", "[templates]") {
  CHECK(fill_template("a photo of a {}.", "big_dog") == "a photo of a big dog.");
  CHECK(fill_template("{} texture.", "polka-dotted") == "polka-dotted texture.");
  CHECK(fill_template("{}", "a{b") == "a{b");
  CHECK_THROWS_WITH(fill_template("a photo.", "cat"), ContainsSubstring("exactly once"));
  CHECK_THROWS_AS(fill_template("{} or {}", "cat"), OptionError);
}

TEST_CASE("features of sentences do not depend on what else is encoded", "[templates]") {
  const auto model = ToyModel::make();
  const std::vector<std::string> sentences{"one", "a much longer sentence of words", "two words"};
  const Tensor together = sentence_features(*model, sentences);
  REQUIRE(together.size(0) == 3);
  CHECK_FALSE(together.requires_grad());
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    const Tensor alone = sentence_features(*model, {sentences[i]});
    CHECK(relative_difference(together.narrow(0, static_cast<std::int64_t>(i), 1), alone) < 1e-5);
  }
}

TEST_CASE("a batch of sentences shares nothing but the start token", "[templates]") {
  const auto model = ToyModel::make();
  const TextBatch batch = text_batch(*model, {"one two", "three"});
  CHECK(batch.prefix.size(1) == 1);
  CHECK(batch.offsets == std::vector<std::int64_t>{0, 3, 5});  // each with its end token
  std::string endless;
  for (int i = 0; i < 40; ++i) endless += "word ";
  CHECK_THROWS_WITH(text_batch(*model, {endless}), ContainsSubstring("shorten it"));
}

TEST_CASE("a sentence that is too long is cut before its end token where that is asked for", "[templates]") {
  const auto model = ToyModel::make();
  std::string endless;
  for (int i = 0; i < 40; ++i) endless += "word ";
  const std::int64_t most = model->context_length() - 2;
  CHECK_THROWS_WITH(sentence_ids(*model, endless), ContainsSubstring("tokens with start and end, the model takes"));
  auto ids = model->tokenize(endless);
  REQUIRE(std::ssize(ids) > most);
  ids.resize(static_cast<std::size_t>(most));
  CHECK(sentence_ids(*model, endless, LongText::Cut) == ids);
  CHECK(sentence_ids(*model, "word", LongText::Cut) == model->tokenize("word"));
  CHECK(text_batch(*model, {endless}, LongText::Cut).offsets == std::vector<std::int64_t>{0, most + 1});
  CHECK(sentence_features(*model, {endless}, LongText::Cut).size(0) == 1);
}
