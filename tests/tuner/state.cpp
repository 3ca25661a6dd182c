// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/detail/state.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/embedded/toy_model.hpp>

#include <support/catch.hpp>

using namespace mao;
using mao::testing::toy_classes;
using mao::testing::ToyModel;

TEST_CASE("a state is a copy, and comes back with the optimizer's", "[state]") {
  Coop<ToyModel> coop(ToyModel::make(), toy_classes(3));
  Optimizer optimizer(coop.parameters());
  const auto step = [&] {
    optimizer.zero_grad();
    coop.parameters()[0].value.square().sum().backward();
    optimizer.step([](const Parameter&) { return 0.1; });
  };
  step();
  const TunerState state = state_of(coop, optimizer, 4);
  const Tensor before = coop.parameters()[0].value.detach().clone();
  step();
  const Tensor after = coop.parameters()[0].value.detach().clone();
  CHECK(state.epochs_done == 4);
  CHECK(state.parameters.at("prompt_learner.ctx").equal(before));
  restore_state(coop, optimizer, state, "plain");
  step();  // with the momentum of then
  CHECK(coop.parameters()[0].value.equal(after));
  Optimizer adam(coop.parameters(), {.kind = OptimizerKind::Adam});
  CHECK_THROWS_WITH(restore_state(coop, adam, state, "plain"),
                    ContainsSubstring("holds velocity.prompt_learner.ctx") && ContainsSubstring("Adam"));
  CHECK_THROWS_WITH(restore_state(coop, optimizer, TunerState{}, "plain"),
                    ContainsSubstring("plain: the saved state has no prompt_learner.ctx"));
}

TEST_CASE("class-specific parameters go back to their own classes alone", "[state]") {
  const auto model = ToyModel::make();
  const auto made = [&](const ClassList& classes) {
    return Coop<ToyModel>(model, classes, {.init = "", .context = 2, .class_specific = true});
  };
  auto first = made(toy_classes(3)), second = made({{"owl", "newt", "elk"}});
  const Optimizer optimizer(first.parameters());
  Optimizer other(second.parameters());
  CHECK_THROWS_WITH(
      restore_state(second, other, state_of(first, optimizer, 1), "plain"),
      ContainsSubstring("plain: the saved parameters belong to 3 classes ('cat', 'big_dog', 'red fox')") &&
          ContainsSubstring("expected 3 classes ('owl', 'newt', 'elk')"));
}
