// SPDX-License-Identifier: Apache-2.0
// A pass that is recorded once and replayed on other batches, held against one that is computed anew. What stands in
// for a GPU's recordings runs the recorded work again, on the memory that it was recorded with.
#include <mao/core/detail/ops.hpp>
#include <mao/models/detail/recorded_text_pass.hpp>

#include <mao/embedded/toy_model.hpp>

#include "cuda/compare.hpp"
#include "cuda/pass_inputs.hpp"

#include <support/catch.hpp>

#include <ATen/core/grad_mode.h>

using namespace mao;
using mao_test::distance;

namespace {

struct Counts {
  int warm = 0, recorded = 0, replayed = 0;
};
Counts counts;

/// Recording alone computes nothing, as on a GPU.
class Rerun {
 public:
  explicit Rerun(c10::Device) {}
  void warm_up(const std::function<void()>& work) {
    ++counts.warm;
    work();
  }
  void record(const std::function<void()>& work) {
    ++counts.recorded;
    work_ = work;
  }
  void replay() {
    ++counts.replayed;
    work_();
  }

 private:
  std::function<void()> work_;
};

/// What a device does that is short of memory, say.
class Refusing : public Rerun {
 public:
  using Rerun::Rerun;
  void record(const std::function<void()>&) {
    ++counts.recorded;
    throw Error("no");
  }
};

using Passes = cuda::RecordedTextPasses<Rerun>;

std::vector<Block> blocks_of(std::int64_t layers) {
  auto sizes = testing::toy_sizes();
  sizes.text_layers = layers;
  const TensorMap weights = testing::random_clip_weights(sizes, 1);
  std::vector<Block> blocks;
  for (std::int64_t i = 0; i < layers; ++i) {
    blocks.push_back(Block::from(weights, "transformer.resblocks.", i));
  }
  return blocks;
}

struct Inputs : mao_test::PassInputs {
  Tensor given;
};

/// Rows of these lengths; other values for each seed.
Inputs inputs_of(const std::vector<std::int64_t>& lengths, std::int64_t groups, bool deep, std::uint64_t seed) {
  std::uint64_t next = 100 * seed;
  const auto leaf = [&next](at::IntArrayRef shape) { return parameter(mao_test::random(shape, ++next)); };
  Inputs inputs;
  inputs.batch.offsets = {0};
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    inputs.batch.offsets.push_back(inputs.batch.offsets.back() + lengths[row]);
    inputs.batch.group.push_back(static_cast<std::int64_t>(row + seed) % groups);
  }
  inputs.batch.prefix = leaf({groups, 4, 64});
  inputs.batch.suffix = leaf({inputs.batch.offsets.back(), 64});
  if (deep) inputs.prompts = {{{}, leaf({2, 64})}, {leaf({3, 64}), {}}};
  inputs.given = mao_test::random({std::ssize(lengths), 64}, seed + 7);
  return inputs;
}

template <class Encode>
std::vector<Tensor> differentiate(const Inputs& inputs, const Encode& encode) {
  const Tensor rows = encode(inputs);
  rows.mul(inputs.given).sum().backward();
  std::vector<Tensor> all{rows.detach()};
  for (const Tensor& leaf : inputs.leaves()) all.push_back(leaf.grad());
  return all;
}

void check_equal(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].sizes() == expected[i].sizes());
    CHECK(distance(found[i], expected[i]) < 1e-6);
  }
}

Tensor anew(const std::vector<Block>& blocks, const Inputs& inputs) {
  return cuda::encode_rows(blocks, inputs.batch, inputs.prompts, inputs.batch.prefix, inputs.batch.suffix);
}
template <class Graph>
Tensor recorded(cuda::RecordedTextPasses<Graph>& passes, const std::vector<Block>& blocks, const Inputs& inputs) {
  return passes.encode(blocks, inputs.batch, inputs.prompts, inputs.batch.prefix, inputs.batch.suffix);
}

}  // namespace

TEST_CASE("replayed passes give the features and gradients of passes computed anew") {
  const auto blocks = blocks_of(3);
  const std::vector<std::vector<std::int64_t>> batches{
      {3, 1, 5}, {2, 2, 2, 9, 1}, {4}, {1, 1, 1, 1, 1, 1, 1, 1}, {7, 3}};
  for (const bool deep : {false, true}) {
    for (const std::int64_t groups : {1, 2}) {
      Passes passes;
      counts = {};
      for (std::size_t i = 0; i < batches.size(); ++i) {
        CAPTURE(deep, groups, i);
        const auto make = [&] { return inputs_of(batches[i], groups, deep, i + 1); };
        check_equal(differentiate(make(), [&](const Inputs& in) { return recorded(passes, blocks, in); }),
                    differentiate(make(), [&](const Inputs& in) { return anew(blocks, in); }));
      }
      CHECK(passes.size() == 1);  // up to 8 rows of up to 64 tokens are one bucket
      CHECK(counts.warm == 2);    // the first one's pass, there and back
      CHECK(counts.recorded == 2);
      CHECK(counts.replayed == 2 * (static_cast<int>(batches.size()) - 1));
    }
  }
}

TEST_CASE("a recording waits for the gradient of its last pass") {
  const auto blocks = blocks_of(2);
  Passes passes;
  for (std::uint64_t step = 1; step <= 4; ++step) {
    const Inputs one = inputs_of({3, 2}, 1, false, step), two = inputs_of({1, 4, 2}, 1, false, step + 10);
    const Tensor first = recorded(passes, blocks, one), second = recorded(passes, blocks, two);
    (first.mul(one.given).sum() + second.mul(two.given).sum()).backward();
    const auto check = [&](const Inputs& inputs, const Tensor& rows, const Inputs& again) {
      const auto expected = differentiate(again, [&](const Inputs& in) { return anew(blocks, in); });
      check_equal({rows.detach(), inputs.batch.prefix.grad(), inputs.batch.suffix.grad()}, expected);
    };
    check(one, first, inputs_of({3, 2}, 1, false, step));
    check(two, second, inputs_of({1, 4, 2}, 1, false, step + 10));
  }
  CHECK(passes.size() == 1);
}

TEST_CASE("gradients that come twice, or not at all, do not disturb the recordings") {
  const auto blocks = blocks_of(2);
  Passes passes;
  counts = {};
  for (std::uint64_t step = 1; step <= 5; ++step) {
    const Inputs inputs = inputs_of({2, 3}, 1, false, step), again = inputs_of({2, 3}, 1, false, step);
    const Tensor loss = recorded(passes, blocks, inputs).mul(inputs.given).sum();
    if (step == 2) continue;
    loss.backward({}, true);
    loss.backward();
    anew(blocks, again).mul(again.given).sum().mul(2).backward();
    CHECK(distance(inputs.batch.prefix.grad(), again.batch.prefix.grad()) < 1e-6);
  }
  CHECK(counts.recorded == 2);
}

TEST_CASE("what has no way back is not recorded, and only so many shapes are") {
  const auto blocks = blocks_of(1);
  Passes passes;
  {
    const at::NoGradGuard none;
    const Inputs inputs = inputs_of({2, 3}, 1, false, 1);
    CHECK(distance(recorded(passes, blocks, inputs), anew(blocks, inputs)) < 1e-6);
  }
  CHECK(passes.size() == 0);
  for (std::int64_t groups = 1; groups <= 20; ++groups) {
    const Inputs inputs = inputs_of({2, 3}, groups, false, 1);
    CHECK(distance(recorded(passes, blocks, inputs).detach(), anew(blocks, inputs).detach()) < 1e-6);
  }
  CHECK(passes.size() == 16);
}

TEST_CASE("what cannot be recorded runs as it is") {
  const auto blocks = blocks_of(2);
  cuda::RecordedTextPasses<Refusing> passes;
  counts = {};
  for (std::uint64_t step = 1; step <= 4; ++step) {
    const auto make = [&] { return inputs_of({2, 3}, 1, false, step); };
    check_equal(differentiate(make(), [&](const Inputs& in) { return recorded(passes, blocks, in); }),
                differentiate(make(), [&](const Inputs& in) { return anew(blocks, in); }));
  }
  CHECK(counts.recorded == 1);  // it is not tried again
  CHECK(counts.replayed == 0);
}

TEST_CASE("towers that share weights have recordings of their own, which can be dropped") {
  const auto blocks = blocks_of(3);
  const std::vector<Block> lower(blocks.begin(), blocks.begin() + 2);
  Passes passes;
  for (std::uint64_t step = 1; step <= 3; ++step) {
    for (const auto& tower : {blocks, lower}) {
      const Inputs inputs = inputs_of({2, 3}, 1, false, step);
      CHECK(distance(recorded(passes, tower, inputs).detach(), anew(tower, inputs).detach()) < 1e-6);
    }
  }
  CHECK(passes.size() == 2);
  passes.clear();
  CHECK(passes.size() == 0);
}
