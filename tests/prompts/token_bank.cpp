// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/token_bank.hpp>

#include <mao/core/detail/ops.hpp>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;
using mao::testing::largest_difference;

namespace {

/// Some scalar function of every token that is in.
Tensor loss_of(const TokenBank& bank) {
  Tensor sum;
  for (const BlockPrompt& block : bank.prompts(true)) {
    if (!block.attended.defined()) continue;
    const Tensor term = block.attended.pow(3).sum() - block.attended.sum() * 2.0;
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

}  // namespace

TEST_CASE("a bank hands out the tokens that are in", "[token_bank]") {
  TokenBank bank("bank", 3, 2, 5, Rng(1));
  CHECK(bank.tokens().value.sizes() == at::IntArrayRef({3, 2, 5}));
  CHECK(bank.total() == 6);
  bank.remove({1, 4, 5});
  CHECK(bank.total() == 3);
  CHECK(bank.kept_in(0) == std::vector<std::int64_t>{0});
  CHECK(bank.kept_in(1) == std::vector<std::int64_t>{0, 1});
  const BlockPrompts prompts = bank.prompts(false);
  REQUIRE(prompts.size() == 3);
  CHECK(prompts[0].attended.equal(bank.tokens().value[0].narrow(0, 0, 1)));
  CHECK(prompts[1].attended.equal(bank.tokens().value[1]));
  CHECK_FALSE(prompts[2].attended.defined());
  CHECK_THROWS_WITH(bank.remove({6}), ContainsSubstring("bank: token 6 is to be removed; there are 6"));
  CHECK_THROWS_WITH(TokenBank("bank", 3, 0, 5, Rng(1)), ContainsSubstring("bank: 0 tokens for each block"));
}

TEST_CASE("saliency is |<gradient, token>| summed over passes, by hand", "[token_bank]") {
  TokenBank bank("bank", 2, 3, 4, Rng(1));
  bank.remove({4});
  const auto by_hand = [&] {
    const Tensor p = bank.tokens().value.detach();
    Tensor q = ((p.square() * 3.0 - 2.0) * p).sum(-1).abs();
    q[1][1].fill_(0);
    return q;
  };
  const Tensor first = by_hand();
  loss_of(bank).backward();
  CHECK(largest_difference(bank.saliency(), first) < 1e-6);
  {
    const at::NoGradGuard no_graph;
    Tensor value = bank.tokens().value;
    value.mul_(3);  // as a step of the optimizer would change them between two passes
  }
  const Tensor second = by_hand();
  loss_of(bank).backward();
  CHECK(largest_difference(bank.saliency(), first + second) < 1e-5);
  {
    const at::NoGradGuard frozen;
    static_cast<void>(loss_of(bank));
  }
  CHECK(largest_difference(bank.saliency(), first + second) < 1e-5);
  bank.forget();
  CHECK(bank.saliency().abs().sum().item<double>() == 0);
}

TEST_CASE("tokens that are out get no gradient and stay bit for bit, also through a save", "[token_bank]") {
  TokenBank bank("bank", 2, 2, 3, Rng(1));
  bank.remove({2});
  const Tensor before = bank.tokens().value.detach().clone();
  loss_of(bank).backward();
  CHECK(bank.tokens().value.grad()[1][0].abs().sum().item<double>() == 0);
  TensorMap buffers;
  bank.append_to(buffers);
  const auto decay = [](const TokenBank& some) {
    const at::NoGradGuard no_graph;
    Tensor value = some.tokens().value;
    value.mul_(0.5);
  };
  decay(bank);
  bank.restore();
  CHECK(bank.tokens().value.detach()[1][0].equal(before[1][0]));
  CHECK(bank.tokens().value.detach()[1][1].equal(before[1][1] * 0.5));
  bank.remove({0});  // the first one keeps the value it went with
  decay(bank);
  bank.restore();
  CHECK(bank.tokens().value.detach()[1][0].equal(before[1][0]));
  CHECK(bank.tokens().value.detach()[0][0].equal(before[0][0] * 0.5));

  TokenBank other("bank", 2, 2, 3, Rng(7));
  other.set_buffers(buffers);
  CHECK(other.total() == 3);
  const Tensor loaded = other.tokens().value.detach().clone();
  decay(other);
  other.restore();
  CHECK(other.tokens().value.detach()[1][0].equal(loaded[1][0]));
  CHECK_THROWS_WITH(other.set_buffers({}), ContainsSubstring("no bank.mask"));
}
