// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/upt.hpp>
#include <mao/backbones/scorer.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/backbone_properties.hpp>
#include <support/catch.hpp>

#include <ATen/core/grad_mode.h>

using namespace mao;
using mao::testing::largest_difference;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

namespace {

using ToyUpt = Upt<ToyModel>;

Tensor logits_of(ToyUpt& upt) {
  return upt.forward(mao_test::toy_batch(), Candidates::all(upt.classes().size())).logits;
}

}  // namespace

static_assert(ClassFeatures<ToyUpt> && HasBuffers<ToyUpt> && !FrozenImageTower<ToyUpt> && !NeedsAllClasses<ToyUpt>);

TEST_CASE("UPT keeps the promises of a backbone", "[upt]") {
  mao_test::check_backbone([] { return ToyUpt(ToyModel::make(), toy_classes(6)); });
}

TEST_CASE("UPT keeps them as released, where no prompt sees another", "[upt]") {
  mao_test::check_backbone([] { return ToyUpt(ToyModel::make(), toy_classes(6), {.mix_prompts = false}); });
}

TEST_CASE("UPT trains 1,976,064 numbers for ViT-B/16", "[upt]") {
  const auto numbers = [](std::int64_t n, std::int64_t text, std::int64_t vision) {
    const std::int64_t attention = 3 * text * text + 3 * text + text * text + text, norms = 2 * 2 * text;
    return 2 * n * text + attention + norms + 2 * (text * text + text) + text * vision + vision;
  };
  CHECK(numbers(4, 512, 768) == 1976064);
  ToyUpt upt(ToyModel::make(), toy_classes(3), {.context = 2});
  CHECK(mao_test::count(upt.parameters()) == numbers(2, 64, 128));
  CHECK(upt.parameters().front().value.sizes() == at::IntArrayRef({1, 4, 64}));
}

TEST_CASE("UPT draws other dropout at each training step and none in an evaluation", "[upt]") {
  ToyUpt upt(ToyModel::make(), toy_classes(3)), again(ToyModel::make(), toy_classes(3));
  const Tensor first = logits_of(upt), second = logits_of(upt);
  CHECK(largest_difference(first, second) > 0);
  CHECK(logits_of(again).equal(first));
  {
    const at::NoGradGuard frozen;
    CHECK(logits_of(again).equal(logits_of(upt)));
  }
  CHECK(logits_of(again).equal(second));  // the evaluation in between has drawn nothing
  ToyUpt resumed(ToyModel::make(), toy_classes(3));
  resumed.set_buffers(upt.buffers());
  CHECK(logits_of(resumed).equal(logits_of(upt)));
  CHECK_THROWS_WITH(resumed.set_buffers({}), ContainsSubstring("no prompt_learner.steps"));
}

TEST_CASE("UPT's text prompts depend on the vision prompts only where they mix", "[upt]") {
  for (const bool mix : {true, false}) {
    ToyUpt upt(ToyModel::make(), toy_classes(3), {.context = 2, .mix_prompts = mix});
    const at::NoGradGuard frozen;
    const Candidates all = Candidates::all(3);
    const Tensor before = upt.encode_text(all).clone();
    Tensor vectors = upt.parameters().front().value;
    vectors.narrow(1, 2, 2).add_(0.5);
    CHECK((largest_difference(upt.encode_text(all), before) > 1e-6) == mix);
  }
}

TEST_CASE("UPT refuses settings out of range", "[upt]") {
  CHECK_THROWS_WITH(ToyUpt(ToyModel::make(), toy_classes(3), {.context = 0}),
                    ContainsSubstring("context of 0 vectors"));
  CHECK_THROWS_WITH(ToyUpt(ToyModel::make(), toy_classes(3), {.dropout = 1}), ContainsSubstring("dropout = 1"));
}
