// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/state.hpp>
#include <mao/backbones/coop.hpp>
#include <mao/testing/toy_model.hpp>

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
  CHECK_THROWS_WITH(restore_state(coop, optimizer, TunerState{}, "plain"),
                    ContainsSubstring("plain: the saved state has no prompt_learner.ctx"));
}
