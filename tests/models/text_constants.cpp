// SPDX-License-Identifier: Apache-2.0
// Words and start tokens computed once give what computing them in every pass gives.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/text_constants.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/detail/select_rows.hpp>
#include <mao/prompts/phrase.hpp>

#include <ATen/ops/arange.h>

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

constexpr std::int64_t constants_width = 128;

TextTower tower_of(Precision precision) {
  auto sizes = mao::testing::toy_sizes();
  sizes.text_width = constants_width;
  sizes.text_layers = 4;
  return {mao::testing::random_clip_weights(sizes, 5), sizes.text_layers, ClipForm(), precision};
}

struct Prompt {
  TextBatch batch;
  BlockPrompts deep;
  std::vector<Tensor> leaves;
};

/// Six rows of words from a vocabulary of 12; the first token of the prefix is the same for all groups.
Prompt prompt_of(std::int64_t groups, const BlockPrompts& deep, bool constant) {
  const std::vector<std::int64_t> ids{3, 5, 1, 2, 5, 1, 11, 7, 1, 3, 5, 1, 1, 4, 4, 1};
  const Tensor vocabulary = normal_tensor({12, constants_width}, 0.5, Rng(2));
  const Tensor context = normal_tensor({groups, 4, constants_width}, 0.5, Rng(1)).requires_grad_(true);
  Prompt prompt{.batch = {}, .deep = deep, .leaves = {context}};
  prompt.batch.prefix = at::cat({vocabulary.narrow(0, 0, 1).unsqueeze(0).expand({groups, 1, constants_width}), context}, 1);
  prompt.batch.suffix = vocabulary.index_select(0, at::tensor(ids));
  prompt.batch.offsets = {0, 3, 6, 9, 12, 13, 16};
  for (std::int64_t row = 0; row < 6; ++row) prompt.batch.group.push_back(row % groups);
  if (constant) {
    prompt.batch.suffix_ids = ids;
    prompt.batch.starts = true;
  }
  for (BlockPrompt& block : prompt.deep) {
    for (Tensor* part : {&block.replacement, &block.attended}) {
      if (part->defined()) prompt.leaves.push_back(*part = part->detach().clone().requires_grad_(true));
    }
  }
  return prompt;
}

/// Features of some rows, then all gradients.
std::vector<Tensor> differentiate(const TextTower& tower, const Prompt& prompt, const std::vector<std::int64_t>& rows) {
  const Tensor features = tower.encode(select_rows(prompt.batch, rows), prompt.deep);
  features.mul(normal_tensor(features.sizes().vec(), 1.0, Rng(3))).sum().backward();
  std::vector<Tensor> all{features.detach()};
  for (const Tensor& leaf : prompt.leaves) all.push_back(leaf.grad());
  return all;
}

}  // namespace

TEST_CASE("passes with constants give what passes without them give", "[text_constants]") {
  const Tensor all = normal_tensor({4, constants_width}, 0.5, Rng(6)), some = normal_tensor({2, constants_width}, 0.5, Rng(7)),
               of_rows = normal_tensor({3, 2, constants_width}, 0.5, Rng(8));
  const std::vector<BlockPrompts> prompts{{},
                                          {{}, {all, {}}, {all, {}}},
                                          {{}, {some, {}}},
                                          {{some, {}}},
                                          {{}, {of_rows, {}}, {of_rows, {}}},
                                          {{of_rows, {}}},
                                          {{{}, some}},
                                          {{}, {all, some}}};
  for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
    const double bound = precision == Precision::Fp32 ? 1e-5 : 2e-2;
    const TextTower tower = tower_of(precision);
    for (const std::int64_t groups : {1, 3}) {
      for (std::size_t which = 0; which < prompts.size(); ++which) {
        for (const std::vector<std::int64_t>& rows : {std::vector<std::int64_t>{4, 1, 0}, {0, 1, 2}, {5, 3, 2}}) {
          CAPTURE(groups, which, rows, precision == Precision::Bf16);
          const auto expected = differentiate(tower, prompt_of(groups, prompts[which], false), rows);
          const auto found = differentiate(tower, prompt_of(groups, prompts[which], true), rows);
          REQUIRE(found.size() == expected.size());
          for (std::size_t i = 0; i < found.size(); ++i) {
            CAPTURE(i);
            CHECK(relative_difference(found[i], expected[i]) < bound);
          }
        }
      }
    }
  }
}

TEST_CASE("a start token gets no gradient, and another one is another constant", "[text_constants]") {
  const TextTower tower = tower_of(Precision::Fp32);
  TextBatch batch{normal_tensor({1, 4, constants_width}, 0.5, Rng(1)), normal_tensor({5, constants_width}, 0.5, Rng(2)), {0, 2, 5}, {0, 0}};
  for (const std::uint64_t seed : {1U, 9U}) {
    batch.prefix = normal_tensor({1, 4, constants_width}, 0.5, Rng(seed)).requires_grad_(true);
    const auto gradient = [&](bool starts) {
      batch.starts = starts;
      batch.prefix.mutable_grad() = Tensor();
      tower.encode(batch).pow(2).sum().backward();
      return batch.prefix.grad().clone();
    };
    const Tensor whole = gradient(false), found = gradient(true);
    CHECK(relative_difference(found.narrow(1, 1, 3), whole.narrow(1, 1, 3)) < 1e-5);
    if (instruction_set() >= InstructionSet::Avx512) CHECK(found.select(1, 0).abs().max().item<float>() == 0);
  }
}

TEST_CASE("more words than are kept are computed in each pass", "[text_constants]") {
  const TextTower tower = tower_of(Precision::Fp32);
  const std::int64_t count = 5000;
  TextBatch batch{normal_tensor({1, 3, constants_width}, 0.5, Rng(1)), normal_tensor({count, constants_width}, 0.5, Rng(2)), {0}, {}};
  for (std::int64_t row = 0; row < count / 5; ++row) {
    batch.offsets.push_back(5 * (row + 1));
    batch.group.push_back(0);
  }
  const Tensor expected = tower.encode(batch);
  for (std::int64_t id = 0; id < count; ++id) batch.suffix_ids.push_back(id);
  CHECK(relative_difference(tower.encode(batch), expected) < 1e-6);
  const TextBatch few = select_rows(batch, {7, 3});
  CHECK(relative_difference(tower.encode(few), expected.index_select(0, at::tensor({7L, 3L}))) < 1e-5);
}

TEST_CASE("a word's constants do not depend on what was encoded before", "[text_constants]") {
  for (const Precision precision : {Precision::Fp32, Precision::Bf16}) {
    const Prompt prompt = prompt_of(1, {}, true);
    const TextTower fresh = tower_of(precision), used = tower_of(precision);
    for (const std::int64_t row : {5, 2, 4}) static_cast<void>(used.encode(select_rows(prompt.batch, {row}), {}));
    CHECK(at::equal(used.encode(prompt.batch, {}), fresh.encode(prompt.batch, {})));
  }
}

TEST_CASE("another embedding of a token is not taken for the one that is known", "[text_constants]") {
  const TextTower tower = tower_of(Precision::Fp32);
  Prompt prompt = prompt_of(1, {}, true);
  static_cast<void>(tower.encode(prompt.batch, {}));
  prompt.batch.suffix = prompt.batch.suffix * 2;
  const Tensor found = tower.encode(prompt.batch, {});
  prompt.batch.suffix_ids.clear();
  CHECK(relative_difference(found, tower.encode(prompt.batch, {})) < 1e-5);
}

TEST_CASE("as many ids as suffix tokens, or none", "[text_constants]") {
  TextBatch batch{at::zeros({1, 2, 8}), at::zeros({3, 8}), {0, 3}, {0}};
  batch.suffix_ids = {1, 2};
  CHECK_THROWS_WITH(batch.check(), ContainsSubstring("2 ids of 3 suffix tokens"));
}
