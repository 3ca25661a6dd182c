// SPDX-License-Identifier: Apache-2.0
// The packed path equals the dense one, in value and gradient, whatever the groups, lengths and order of the rows.
#include <mao/models/text_tower.hpp>

#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/packed_layout.hpp>
#include <mao/embedded/toy_model.hpp>
#include <mao/prompts/phrase.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::relative_difference;

namespace {

struct Case {
  std::int64_t groups, prefix;
  std::vector<std::int64_t> lengths;
  std::vector<std::int64_t> group;
};

TextBatch random_batch(const Case& shape, std::int64_t width, Rng rng) {
  TextBatch batch;
  batch.prefix = normal_tensor({shape.groups, shape.prefix, width}, 0.5, rng["prefix"]).requires_grad_(true);
  batch.offsets.push_back(0);
  for (const auto length : shape.lengths) batch.offsets.push_back(batch.offsets.back() + length);
  batch.suffix = normal_tensor({batch.offsets.back(), width}, 0.5, rng["suffix"]).requires_grad_(true);
  batch.group = shape.group;
  return batch;
}

// The same rows, padded with noise: what follows the last token must not matter.
Tensor dense(const TextTower& tower, const TextBatch& batch, Rng rng, const BlockPrompts& prompts = {}) {
  std::vector<Tensor> rows;
  std::vector<std::int64_t> last;
  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    const auto begin = batch.offsets[static_cast<std::size_t>(r)], length = batch.suffix_length(r);
    const Tensor row =
        at::cat({batch.prefix[batch.group[static_cast<std::size_t>(r)]], batch.suffix.narrow(0, begin, length)});
    const Tensor noise =
        normal_tensor({tower.context_length() - row.size(0), row.size(1)}, 1.0, rng[static_cast<std::uint64_t>(r)]);
    rows.push_back(at::cat({row, noise}).unsqueeze(0));
    last.push_back(row.size(0) - 1);
  }
  return tower.encode_dense(at::cat(rows), at::tensor(last), {}, prompts);
}

}  // namespace

TEST_CASE("packed and dense text towers agree in value and gradient", "[text_tower]") {
  const mao::testing::ToyModel model(3);
  const TextTower& tower = model.text_tower();
  const std::vector<Case> cases{
      {1, 5, {3, 1, 7, 2}, {0, 0, 0, 0}},  // CoOp: one shared prefix
      {1, 1, {4, 9, 2}, {0, 0, 0}},        // start token alone
      {3, 4, {2, 5, 1, 3}, {2, 0, 1, 0}},  // per class or image, rows in any order
      {1, 2, {1}, {0}},                    // a single row of a single token
  };
  for (std::uint64_t seed = 0; seed < cases.size(); ++seed) {
    const TextBatch batch = random_batch(cases[seed], tower.width(), Rng(seed));
    const Tensor weight = normal_tensor({batch.rows(), 16}, 1.0, Rng(seed)["weight"]);
    const Tensor packed = tower.encode(batch);
    packed.mul(weight).sum().backward();
    const Tensor prefix_gradient = batch.prefix.grad().clone(), suffix_gradient = batch.suffix.grad().clone();
    batch.prefix.mutable_grad() = Tensor();
    batch.suffix.mutable_grad() = Tensor();
    const Tensor padded = dense(tower, batch, Rng(seed)["padding"]);
    padded.mul(weight).sum().backward();
    CAPTURE(seed);
    CHECK(relative_difference(packed, padded) < 1e-5);
    CHECK(relative_difference(prefix_gradient, batch.prefix.grad()) < 1e-5);
    CHECK(relative_difference(suffix_gradient, batch.suffix.grad()) < 1e-5);
    const at::NoGradGuard no_grad;  // the fused attention of inference
    CHECK(relative_difference(tower.encode(batch), packed) < 1e-5);
  }
}

TEST_CASE("deep prompts: packed and dense text towers agree in value and gradient", "[text_tower]") {
  const mao::testing::ToyModel model(3);
  const TextTower& tower = model.text_tower();
  const std::int64_t width = tower.width();
  const auto tokens = [&](const std::vector<std::int64_t>& shape, const char* name) {
    return normal_tensor(shape, 0.5, Rng(9)[name]).requires_grad_(true);
  };
  const Tensor shared = tokens({2, width}, "shared"), later = tokens({3, width}, "later"),
               of_rows = tokens({4, 3, width}, "rows"), seen = tokens({5, width}, "seen");
  const std::vector<BlockPrompts> cases{
      {{}, {shared, {}}, {later, {}}},          // MaPLe: new tokens for every row alike
      {{}, {of_rows, {}}, {}},                  // TCP: each row its own from a block on
      {{}, {}, {of_rows, {}}},                  // the same in the last block
      {{{}, seen}, {shared, seen}, {{}, seen}}  // ADAPT: extra keys and values, beside replaced tokens
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    for (const auto& group : {std::vector<std::int64_t>{0, 0, 0, 0}, std::vector<std::int64_t>{1, 0, 1, 0}}) {
      CAPTURE(i, group);
      const TextBatch batch = random_batch({group[0] + 1, 4, {2, 5, 1, 3}, group}, width, Rng(i));
      const Tensor weight = normal_tensor({4, 16}, 1.0, Rng(i)["weight"]);
      std::vector<Tensor> gradients;
      const auto differentiate = [&](const Tensor& features) {
        features.mul(weight).sum().backward();
        for (const Tensor& leaf : {batch.prefix, batch.suffix, shared, later, of_rows, seen}) {
          gradients.push_back(leaf.grad().defined() ? leaf.grad().clone() : Tensor());
          leaf.mutable_grad() = Tensor();
        }
      };
      const Tensor packed = tower.encode(batch, cases[i]);
      differentiate(packed);
      const Tensor padded = dense(tower, batch, Rng(i)["padding"], cases[i]);
      differentiate(padded);
      CHECK(relative_difference(packed, padded) < 1e-5);
      CHECK(relative_difference(packed, tower.encode(batch)) > 1e-3);
      for (std::size_t part = 0; part < 6; ++part) {
        CAPTURE(part);
        REQUIRE(gradients[part].defined() == gradients[part + 6].defined());
        if (gradients[part].defined()) CHECK(relative_difference(gradients[part], gradients[part + 6]) < 1e-5);
      }
      const at::NoGradGuard no_grad;
      CHECK(relative_difference(tower.encode(batch, cases[i]), packed) < 1e-5);
    }
  }
}

TEST_CASE("prompts that do not fit the text tower are refused", "[text_tower]") {
  const mao::testing::ToyModel model(1);
  const TextBatch batch = random_batch({1, 3, {2, 3}, {0, 0}}, model.text_tower().width(), Rng(7));
  const Tensor three = normal_tensor({3, model.text_tower().width()}, 0.5, Rng(1));
  CHECK_THROWS_WITH(model.encode_text(batch, {{}, {three, {}}}),
                    ContainsSubstring("a prompt of 3 tokens") && ContainsSubstring("prefix has 2"));
  CHECK_THROWS_WITH(model.encode_text(batch, BlockPrompts(4)),
                    ContainsSubstring("prompts for 4 blocks, the tower has 3"));
}

TEST_CASE("a row's features do not depend on the other rows", "[text_tower]") {
  const mao::testing::ToyModel model(4);
  const TextTower& tower = model.text_tower();
  const TextBatch all = random_batch({1, 3, {2, 6, 4}, {0, 0, 0}}, tower.width(), Rng(5));
  const Tensor together = tower.encode(all);
  TextBatch one;
  one.prefix = all.prefix;
  one.suffix = all.suffix.narrow(0, 2, 6);
  one.offsets = {0, 6};
  one.group = {0};
  CHECK(relative_difference(tower.encode(one), together.narrow(0, 1, 1)) < 1e-5);
}

TEST_CASE("weights of the towers receive no gradient", "[text_tower]") {
  const mao::testing::ToyModel model(6);
  const TextBatch batch = random_batch({1, 3, {2, 3}, {0, 0}}, model.text_tower().width(), Rng(7));
  model.encode_text(batch).sum().backward();
  CHECK(batch.prefix.grad().defined());
  for (const auto& [name, value] : model.weights()) {
    CAPTURE(name);
    CHECK_FALSE(value.requires_grad());
    CHECK_FALSE(value.grad().defined());
  }
}

TEST_CASE("an inconsistent text batch is refused", "[text_tower]") {
  const mao::testing::ToyModel model(1);
  TextBatch batch = random_batch({1, 3, {2, 3}, {0, 0}}, model.text_tower().width(), Rng(7));
  batch.group[1] = 1;
  CHECK_THROWS_WITH(model.encode_text(batch), ContainsSubstring("row 1 refers to prefix group 1, there are 1"));
  TextBatch longer = random_batch({1, 3, {22}, {0}}, model.text_tower().width(), Rng(7));
  CHECK_THROWS_WITH(model.encode_text(longer), ContainsSubstring("the longest row has 25 tokens, the model takes 24"));
}

namespace {

struct Differentiated {
  Tensor features, prefix, suffix, prompt;
};

Differentiated differentiated(const TextTower& tower) {
  const TextBatch batch = random_batch({2, 4, {2, 5, 1, 3}, {1, 0, 1, 0}}, tower.width(), Rng(8));
  const Tensor prompt = normal_tensor({2, tower.width()}, 0.5, Rng(9)).requires_grad_(true);
  const Tensor features = tower.encode(batch, {{}, {prompt, {}}});
  features.mul(normal_tensor(features.sizes().vec(), 1.0, Rng(5))).sum().backward();
  return {features.detach(), batch.prefix.grad(), batch.suffix.grad(), prompt.grad()};
}

}  // namespace

TEST_CASE("whatever the heads, the MLP and the GELU of a text tower, kernels and formulas agree", "[text_tower]") {
  struct Shape {
    std::int64_t head, heads, mlp;
    ClipForm form{};
  };
  for (const Shape& shape : std::vector<Shape>{{48, 2, 384},
                                               {64, 2, 200},
                                               {80, 2, 640},
                                               {88, 1, 352},
                                               {104, 2, 512},
                                               {16, 4, 256},
                                               {128, 1, 512},
                                               {64, 2, 512},
                                               {64, 1, 256, {.text = {.activation = Activation::GeluTanh}}},
                                               {64, 1, 256, {.text = {.epsilon = 1e-2}}}}) {
    CAPTURE(shape.head, shape.heads, shape.mlp);
    ClipArchitecture sizes = mao::testing::toy_sizes();
    sizes.text_width = shape.head * shape.heads;
    sizes.text_mlp = shape.mlp;
    ClipForm form = shape.form;
    form.text.heads = shape.heads;
    const TextTower tower(mao::testing::random_clip_weights(sizes, 5), sizes.text_layers, form);
    const auto fast = differentiated(tower);
    const PortableScope portable;
    const auto plain = differentiated(tower);
    CHECK(relative_difference(fast.features, plain.features) < 1e-5);
    CHECK(relative_difference(fast.prefix, plain.prefix) < 1e-5);
    CHECK(relative_difference(fast.suffix, plain.suffix) < 1e-5);
    CHECK(relative_difference(fast.prompt, plain.prompt) < 1e-5);
  }
}

TEST_CASE("a tower without a mask, or read elsewhere, sees rows padded with the model's padding token",
          "[text_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 5);
  const TextBatch batch = random_batch({2, 3, {2, 6, 4}, {1, 0, 1}}, sizes.text_width, Rng(5));
  const Tensor padding = weights.at("token_embedding.weight").select(0, 0);
  for (const bool causal : {false, true}) {
    for (const TextPooling pooling : {TextPooling::End, TextPooling::First, TextPooling::Last}) {
      const TextTower tower(weights, sizes.text_layers, {.causal = causal, .text_pooling = pooling});
      CAPTURE(causal, static_cast<int>(pooling));
      const Tensor features = tower.encode(batch);
      for (std::int64_t r = 0; r < 3; ++r) {
        const auto row = static_cast<std::size_t>(r);
        const Tensor tokens = at::cat(
            {batch.prefix[batch.group[row]], batch.suffix.narrow(0, batch.offsets[row], batch.suffix_length(r))});
        Tensor x = at::cat({tokens, padding.expand({24 - tokens.size(0), -1})}) + weights.at("positional_embedding");
        x = x.unsqueeze(0);
        const Tensor mask = causal ? mao::detail::causal_mask(24, 24, 0, x.options()) : Tensor();
        for (std::int64_t i = 0; i < 3; ++i) x = Block::from(weights, "transformer.resblocks.", i).forward(x, mask);
        const std::int64_t place = pooling == TextPooling::First  ? 0
                                   : pooling == TextPooling::Last ? 23
                                                                  : tokens.size(0) - 1;
        const Tensor read =
            at::layer_norm(x.select(1, place), {64}, weights.at("ln_final.weight"), weights.at("ln_final.bias"));
        CHECK(relative_difference(features.narrow(0, r, 1), at::matmul(read, weights.at("text_projection"))) < 1e-5);
      }
    }
  }
}

TEST_CASE("deep prompts and many rows work without a mask", "[text_tower]") {
  const auto sizes = mao::testing::toy_sizes();
  const TextTower tower(mao::testing::random_clip_weights(sizes, 5), sizes.text_layers, {.causal = false});
  const auto found = differentiated(tower);
  for (const Tensor& gradient : {found.prefix, found.suffix, found.prompt}) {
    REQUIRE(gradient.defined());
    CHECK(gradient.abs().max().item<double>() > 0);
  }
  Case many{1, 2, {}, {}};
  many.lengths.assign(150, 3);
  many.group.assign(150, 0);
  const TextBatch batch = random_batch(many, sizes.text_width, Rng(5));
  const Tensor of_rows = normal_tensor({150, 1, sizes.text_width}, 0.5, Rng(6));
  const Tensor features = tower.encode(batch, {{}, {of_rows, {}}});
  TextBatch one = batch;
  one.suffix = batch.suffix.narrow(0, 3 * 140, 3);
  one.offsets = {0, 3};
  one.group = {0};
  CHECK(relative_difference(tower.encode(one, {{}, {of_rows.narrow(0, 140, 1), {}}}), features.narrow(0, 140, 1)) <
        1e-5);
}

TEST_CASE("a text tower without a projection gives its own width", "[text_tower]") {
  auto sizes = mao::testing::toy_sizes();
  const TensorMap weights = mao::testing::random_clip_weights(sizes, 5);
  const TextBatch batch = random_batch({1, 3, {2, 6}, {0, 0}}, sizes.text_width, Rng(5));
  const Tensor own = TextTower(weights, sizes.text_layers, {.text_projection = false}).encode(batch);
  CHECK(relative_difference(at::matmul(own, weights.at("text_projection")),
                            TextTower(weights, sizes.text_layers).encode(batch)) < 1e-5);
}
