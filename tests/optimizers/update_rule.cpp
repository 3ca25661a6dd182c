// SPDX-License-Identifier: Apache-2.0
#include <mao/optimizers/update_rule.hpp>

#include <cmath>
#include <vector>

#include <ATen/ops/zeros_like.h>

#include <mao/core/detail/ops.hpp>
#include <mao/core/error.hpp>
#include <mao/optimizers/optimizer.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>

using namespace mao;

namespace {

// Lion (Chen et al., arXiv 2302.06675), as a user writes it.
struct Lion {
  double beta1 = 0.9, beta2 = 0.99;

  void step(const Update& update) const {
    Tensor& mean = update.kept["mean"];
    if (!mean.defined()) mean = at::zeros_like(update.value);
    const Tensor direction = mean.mul(beta1).add(update.gradient, 1 - beta1).sign();
    update.value.mul_(1 - update.rate * update.decay).sub_(direction, update.rate);
    mean = mean.mul(beta2).add(update.gradient, 1 - beta2);
  }
};
static_assert(UpdateRule<Lion>);

struct Descent {
  void step(const Update& update) const { update.value.sub_(update.gradient, update.rate); }
  [[nodiscard]] Description describe() const { return "Descent"; }
};

Tensor rule_gradient(int t) { return normal_tensor({4}, 1.0, Rng(5)[static_cast<std::uint64_t>(t)]); }

void take_rule_steps(Optimizer& optimizer, int first, int last) {
  for (int t = first; t < last; ++t) {
    Tensor value = optimizer.parameters().front().value;
    value.mutable_grad() = rule_gradient(t);
    optimizer.step([](const Parameter& of) { return 0.1 * of.rate; });
  }
}

const Tensor rule_start = normal_tensor({4}, 1.0, Rng(1));

}  // namespace

TEST_CASE("an optimizer of one's own takes the steps", "[optimizer]") {
  const Tensor value = parameter(rule_start);
  Optimizer lion({{"w", value, 2, 3}}, {.weight_decay = 0.05}, Lion{});
  take_rule_steps(lion, 0, 5);
  CHECK(value.requires_grad());
  for (std::int64_t i = 0; i < 4; ++i) {
    double w = rule_start[i].item<double>(), m = 0;
    for (int t = 0; t < 5; ++t) {
      const double g = rule_gradient(t)[i].item<double>();
      w -= 0.2 * 0.15 * w;
      w -= std::copysign(0.2, 0.9 * m + 0.1 * g);
      m = 0.99 * m + 0.01 * g;
    }
    CHECK(value[i].item<double>() == Approx(w).margin(1e-5));
  }
}

TEST_CASE("what it keeps is its state, and no other optimizer takes it", "[optimizer]") {
  const Tensor whole = parameter(rule_start), first = parameter(rule_start);
  Optimizer uninterrupted({{"w", whole}}, {}, Lion{}), before({{"w", first}}, {}, Lion{});
  take_rule_steps(uninterrupted, 0, 5);
  take_rule_steps(before, 0, 2);
  REQUIRE(before.state().size() == 1);
  const Tensor second = parameter(first);
  Optimizer after({{"w", second}}, {}, Lion{});
  after.set_state(before.state());
  take_rule_steps(after, 2, 5);
  CHECK(second.equal(whole));

  Optimizer sgd({{"w", second}}), descent({{"w", second}}, {}, Descent{}), other({{"v", second}}, {}, Lion{});
  for (Optimizer* wrong : {&sgd, &descent, &other}) {
    CHECK_THROWS_WITH(wrong->set_state(before.state()),
                      ContainsSubstring("it was saved by another optimizer or of other parameters"));
  }
  take_rule_steps(sgd, 0, 1);
  CHECK_THROWS_WITH(after.set_state(sgd.state()), ContainsSubstring("holds velocity.w, which this one"));
}

TEST_CASE("its description is compared, and settings that it has no use for are refused", "[optimizer]") {
  const ParameterList parameters{{"w", parameter(rule_start)}};
  const Optimizer descent(parameters, {.weight_decay = 0.25, .sam_radius = 0.5}, Descent{});
  CHECK_THAT(descent.describe().text(), ContainsSubstring("Descent") && ContainsSubstring("0.25"));
  CHECK_FALSE(descent.describe() == Optimizer(parameters, {}, Descent{}).describe());
  CHECK_FALSE(descent.describe() == Optimizer(parameters, {.weight_decay = 0.25, .sam_radius = 0.5}).describe());
  CHECK_THROWS_WITH(Optimizer(parameters, {.momentum = 0.5}, Descent{}),
                    ContainsSubstring("Descent takes the steps, so of the settings of mao's optimizers only"));
}
