// SPDX-License-Identifier: Apache-2.0
#include <mao/models/bert_text_tower.hpp>

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <mao/core/instruction_set.hpp>

#include <support/bert_weights.hpp>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;
using namespace mao_test;

namespace {

BertTextTower small_bert_tower() { return {random_biomed_clip_weights(), small_biomed_clip(), biomed_clip_form()}; }

Tensor drawn_rows(const char* name, const std::vector<std::int64_t>& shape) {
  return normal_tensor(shape, 1.0, Rng(2)[name]);
}

/// Three rows of 5, 3 and 9 tokens with two prefixes.
TextBatch three_rows(const Tensor& prefix, const Tensor& suffix) {
  return {.prefix = prefix, .suffix = suffix, .offsets = {0, 3, 4, 11}, .group = {0, 1, 1}};
}

}  // namespace

TEST_CASE("rows with a common prefix are those that are given whole, and no row sees another", "[bert_text_tower]") {
  const BertTextTower tower = small_bert_tower();
  CHECK(tower.width() == 48);
  CHECK(tower.context_length() == 24);
  const Tensor prefix = drawn_rows("prefix", {2, 2, 48}), suffix = drawn_rows("suffix", {11, 48});
  const Tensor features = tower.encode(three_rows(prefix, suffix));
  REQUIRE(features.sizes() == at::IntArrayRef({3, 24}));
  const Tensor row = at::cat({prefix[1], suffix.narrow(0, 4, 7)});
  const TextBatch alone{
      .prefix = prefix.narrow(0, 0, 1).narrow(1, 0, 0), .suffix = row, .offsets = {0, 9}, .group = {0}};
  CHECK(relative_difference(tower.encode(alone), features.narrow(0, 2, 1)) < 1e-5);
  const Tensor other = at::cat({suffix.narrow(0, 0, 4), drawn_rows("other", {7, 48})});
  const Tensor changed = tower.encode(three_rows(prefix, other));
  CHECK(relative_difference(changed.narrow(0, 0, 2), features.narrow(0, 0, 2)) < 1e-5);
  CHECK(relative_difference(changed, features) > 1e-2);
}

TEST_CASE("the kernels and the formulas give the same features and gradients", "[bert_text_tower]") {
  const BertTextTower tower = small_bert_tower();
  const Tensor direction = drawn_rows("direction", {3, 24});
  const auto gradients = [&](InstructionSet most) {
    const InstructionSetScope scope(most);
    const Tensor prefix = drawn_rows("prefix", {2, 2, 48}).requires_grad_(true),
                 suffix = drawn_rows("suffix", {11, 48}).requires_grad_(true);
    const Tensor features = tower.encode(three_rows(prefix, suffix));
    (features * direction).sum().backward();
    return std::vector<Tensor>{features.detach(), prefix.grad(), suffix.grad()};
  };
  const auto fast = gradients(InstructionSet::Amx), plain = gradients(InstructionSet::Portable);
  for (std::size_t i = 0; i < fast.size(); ++i) CHECK(relative_difference(fast[i], plain[i]) < 1e-5);
}

TEST_CASE("a row beyond the context and embeddings of another width are refused", "[bert_text_tower]") {
  const BertTextTower tower = small_bert_tower();
  const TextBatch longer{.prefix = drawn_rows("prefix", {1, 3, 48}),
                         .suffix = drawn_rows("suffix", {22, 48}),
                         .offsets = {0, 22},
                         .group = {0}};
  CHECK_THROWS_WITH(tower.encode(longer), ContainsSubstring("the longest row has 25 tokens, the model takes 24"));
  const TextBatch wide{.prefix = drawn_rows("prefix", {1, 3, 64}),
                       .suffix = drawn_rows("suffix", {2, 64}),
                       .offsets = {0, 2},
                       .group = {0}};
  CHECK_THROWS_AS(tower.encode(wide), ShapeError);
  ClipForm form = biomed_clip_form();
  form.text.heads = 5;
  CHECK_THROWS_AS(BertTextTower(random_biomed_clip_weights(), small_biomed_clip(), form), OptionError);
}

TEST_CASE("embeddings of ids are rows of the word embeddings", "[bert_text_tower]") {
  const Tensor words = random_biomed_clip_weights().at("transformer.embeddings.word_embeddings.weight");
  CHECK(small_bert_tower()
            .embed(at::tensor(std::vector<std::int64_t>{7, 0}))
            .equal(words.index_select(0, at::tensor(std::vector<std::int64_t>{7, 0}))));
}
