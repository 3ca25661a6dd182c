// SPDX-License-Identifier: Apache-2.0
#include <mao/optimizers/optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include <mao/core/detail/ops.hpp>
#include <mao/prompts/context.hpp>

#include <support/catch.hpp>
#include <support/tensors.hpp>

using namespace mao;

namespace {

constexpr std::int64_t size = 6;

/// The gradient of step t, as a loss would leave it.
Tensor gradient_of(int t) { return normal_tensor({size}, 1.0, Rng(5)[static_cast<std::uint64_t>(t)]); }

double rate_of(int t) { return 0.1 / (t + 1); }

/// v = momentum v + (g + decay w), w = w - rate v, number by number.
std::vector<double> reference(const Tensor& start, double momentum, double decay, int steps) {
  std::vector<double> values, velocity(size, 0.0);
  for (std::int64_t i = 0; i < size; ++i) values.push_back(start[i].item<double>());
  for (int t = 0; t < steps; ++t) {
    const Tensor gradient = gradient_of(t);
    for (std::size_t i = 0; i < values.size(); ++i) {
      velocity[i] = momentum * velocity[i] + gradient[static_cast<std::int64_t>(i)].item<double>() + decay * values[i];
      values[i] -= rate_of(t) * velocity[i];
    }
  }
  return values;
}

void take_steps(Optimizer& optimizer, int first, int last) {
  for (int t = first; t < last; ++t) {
    optimizer.zero_grad();
    Tensor value = optimizer.parameters().front().value;
    value.mutable_grad() = gradient_of(t);
    optimizer.step([t](const Parameter& parameter) { return parameter.rate * rate_of(t); });
  }
}

const Tensor start = normal_tensor({size}, 1.0, Rng(1));

}  // namespace

TEST_CASE("five steps give what the formula gives", "[optimizer]") {
  for (const auto& [momentum, decay] : {std::pair{0.9, 0.05}, std::pair{0.0, 0.05}, std::pair{0.9, 0.0}}) {
    const Tensor value = parameter(start);
    Optimizer sgd({{"w", value}}, {.weight_decay = decay, .momentum = momentum});
    take_steps(sgd, 0, 5);
    const auto expected = reference(start, momentum, decay, 5);
    for (std::int64_t i = 0; i < size; ++i) {
      CHECK(value[i].item<double>() == Approx(expected[static_cast<std::size_t>(i)]).margin(1e-5));
    }
    CHECK(value.requires_grad());
  }
}

TEST_CASE("a parameter without a gradient stays as it is, whatever its decay", "[optimizer]") {
  const Tensor moved = parameter(start), still = parameter(start);
  Optimizer sgd({{"moved", moved}, {"still", still}}, {.weight_decay = 0.5});
  take_steps(sgd, 0, 3);
  CHECK(still.equal(start));
  CHECK_FALSE(moved.equal(start));
  CHECK(sgd.state().size() == 1);
  sgd.zero_grad();
  CHECK_FALSE(moved.grad().defined());
}

TEST_CASE("parameters and moments are the whole state", "[optimizer]") {
  for (const auto kind :
       {OptimizerKind::Sgd, OptimizerKind::Adam, OptimizerKind::AdamW, OptimizerKind::RAdam, OptimizerKind::RmsProp}) {
    const OptimizerOptions options{.kind = kind, .beta2 = 0.9, .amsgrad = true};
    const Tensor whole = parameter(start), first = parameter(start);
    Optimizer uninterrupted({{"w", whole}}, options), before({{"w", first}}, options);
    take_steps(uninterrupted, 0, 5);
    take_steps(before, 0, 2);
    const Tensor second = parameter(first);
    Optimizer after({{"w", second}}, options);
    after.set_state(before.state());
    take_steps(after, 2, 5);
    CHECK(second.equal(whole));
    CHECK_FALSE(first.equal(whole));
  }
}

TEST_CASE("Adam and AdamW give what their formulas give", "[optimizer]") {
  for (const bool decoupled : {false, true}) {
    const double decay = 0.05, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-3;
    const Tensor value = parameter(start);
    Optimizer adam({{"w", value}}, {.kind = decoupled ? OptimizerKind::AdamW : OptimizerKind::Adam,
                                    .weight_decay = decay,
                                    .beta1 = beta1,
                                    .beta2 = beta2,
                                    .epsilon = epsilon});
    take_steps(adam, 0, 6);
    for (std::int64_t i = 0; i < size; ++i) {
      double w = start[i].item<double>(), m = 0, v = 0;
      for (int t = 0; t < 6; ++t) {
        double g = gradient_of(t)[i].item<double>();
        decoupled ? w *= 1 - rate_of(t)* decay : g += decay * w;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        const double first = m / (1 - std::pow(beta1, t + 1)), second = v / (1 - std::pow(beta2, t + 1));
        w -= rate_of(t) * first / (std::sqrt(second) + epsilon);
      }
      CHECK(value[i].item<double>() == Approx(w).margin(1e-5));
    }
  }
}

/// After `steps` steps, where `step(w, g, t)` moves a number with the gradient g in step t.
template <class MakeStep>
void check_steps(const OptimizerOptions& options, int steps, const MakeStep& make_step) {
  const Tensor value = parameter(start);
  Optimizer optimizer({{"w", value}}, options);
  take_steps(optimizer, 0, steps);
  for (std::int64_t i = 0; i < size; ++i) {
    auto step = make_step();
    double w = start[i].item<double>();
    for (int t = 0; t < steps; ++t) step(w, gradient_of(t)[i].item<double>(), t);
    CHECK(value[i].item<double>() == Approx(w).margin(1e-5));
  }
}

TEST_CASE("dampening spares the first step, Nesterov looks ahead", "[optimizer]") {
  const double decay = 0.05, momentum = 0.8;
  for (const double dampening : {0.0, 0.3}) {
    const bool nesterov = dampening == 0;
    check_steps({.weight_decay = decay, .momentum = momentum, .dampening = dampening, .nesterov = nesterov}, 5, [&] {
      return [=, v = 0.0](double& w, double g, int t) mutable {
        g += decay * w;
        v = t == 0 ? g : momentum * v + (1 - dampening) * g;
        w -= rate_of(t) * (nesterov ? g + momentum * v : v);
      };
    });
  }
}

TEST_CASE("AMSGrad keeps the greatest second moment", "[optimizer]") {
  const double decay = 0.05, beta1 = 0.8, beta2 = 0.5;
  check_steps({.kind = OptimizerKind::Adam, .weight_decay = decay, .beta1 = beta1, .beta2 = beta2, .amsgrad = true}, 8,
              [&] {
                return [=, m = 0.0, v = 0.0, most = 0.0](double& w, double g, int t) mutable {
                  g += decay * w;
                  m = beta1 * m + (1 - beta1) * g;
                  v = beta2 * v + (1 - beta2) * g * g;
                  most = std::max(most, v);
                  const double corrected = std::sqrt(most) / std::sqrt(1 - std::pow(beta2, t + 1));
                  w -= rate_of(t) * m / (1 - std::pow(beta1, t + 1)) / (corrected + 1e-8);
                };
              });
}

TEST_CASE("RMSprop divides by the root of the mean square", "[optimizer]") {
  const double decay = 0.05, momentum = 0.7, alpha = 0.9;
  check_steps({.kind = OptimizerKind::RmsProp, .weight_decay = decay, .momentum = momentum, .alpha = alpha}, 6, [&] {
    return [=, v = 0.0, s = 0.0](double& w, double g, int t) mutable {
      g += decay * w;
      s = alpha * s + (1 - alpha) * g * g;
      v = momentum * v + g / (std::sqrt(s) + 1e-8);
      w -= rate_of(t) * v;
    };
  });
}

TEST_CASE("RAdam steps along plain momentum until its second moment rests on enough steps", "[optimizer]") {
  const double decay = 0.05, beta1 = 0.8, beta2 = 0.9, most = 2 / (1 - beta2) - 1;
  int adapted = 0;
  check_steps({.kind = OptimizerKind::RAdam, .weight_decay = decay, .beta1 = beta1, .beta2 = beta2}, 12, [&] {
    return [=, &adapted, m = 0.0, v = 0.0](double& w, double g, int t) mutable {
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const double power = std::pow(beta2, t + 1), length = most - 2 * (t + 1) * power / (1 - power);
      const double first = m / (1 - std::pow(beta1, t + 1));
      w -= rate_of(t) * decay * w;
      if (length < 5) {
        w -= rate_of(t) * first;
        return;
      }
      ++adapted;
      const double r = std::sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length));
      w -= rate_of(t) * r * first / ((std::sqrt(v) + 1e-8) / std::sqrt(1 - power));
    };
  });
  CHECK((adapted > 0 && adapted < 12 * size));
}

TEST_CASE("each parameter learns at its own rate", "[optimizer]") {
  const Tensor slow = parameter(start), fast = parameter(start);
  Optimizer sgd({{"slow", slow}, {"fast", fast, 3}}, {.weight_decay = 0});
  for (Parameter parameter : sgd.parameters()) parameter.value.mutable_grad() = gradient_of(0);
  sgd.step([](const Parameter& parameter) { return 0.1 * parameter.rate; });
  CHECK(mao::testing::largest_difference((fast - start), (slow - start) * 3) < 1e-6);
}

TEST_CASE("settings out of range are refused", "[optimizer]") {
  CHECK_THROWS_WITH(Optimizer({}, {.momentum = 1.0}), ContainsSubstring("momentum = 1, expected 0 to below 1"));
  CHECK_THROWS_WITH(Optimizer({}, {.weight_decay = -0.1}), ContainsSubstring("weight_decay = -0.1"));
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinite, 1e300, -1.0}) {
    CAPTURE(bad);
    CHECK_THROWS_WITH(Optimizer({}, {.weight_decay = bad}), ContainsSubstring("Optimizer: weight_decay = "));
    CHECK_THROWS_WITH(Optimizer({}, {.momentum = bad}), ContainsSubstring("Optimizer: momentum = "));
    CHECK_THROWS_WITH(Optimizer({}, {.epsilon = bad}), ContainsSubstring("Optimizer: epsilon = "));
    CHECK_THROWS_WITH(Optimizer({}, {.dampening = bad}), ContainsSubstring("Optimizer: dampening = "));
    const Tensor value = parameter(at::ones({2}));
    value.mutable_grad() = at::ones({2});
    CHECK_THROWS_WITH(Optimizer({{"w", value}}).step([&](const Parameter&) { return bad; }),
                      ContainsSubstring("Optimizer: the learning rate of w is "));
  }
  CHECK_THROWS_WITH(Optimizer({}, {.dampening = 1.0}), ContainsSubstring("dampening = 1, expected 0 to below 1"));
  CHECK_THROWS_WITH(Optimizer({}, {.momentum = 0, .nesterov = true}), ContainsSubstring("nesterov needs momentum"));
  CHECK_THROWS_WITH(Optimizer({}, {.dampening = 0.5, .nesterov = true}), ContainsSubstring("no dampening"));
}

TEST_CASE("SAM climbs by its radius along all gradients together, and comes down bit for bit", "[optimizer]") {
  const Tensor one = parameter(start), two = parameter(start), still = parameter(start);
  Optimizer sam({{"one", one}, {"two", two}, {"still", still}}, {.sam_radius = 0.3});
  CHECK(sam.climbs());
  Tensor first = one, second = two;
  first.mutable_grad() = gradient_of(0);
  second.mutable_grad() = gradient_of(1);
  sam.climb();
  double squares = 0, along = 0;
  for (const auto& [value, gradient] : {std::pair{one, gradient_of(0)}, std::pair{two, gradient_of(1)}}) {
    const Tensor moved = (value.detach() - start).to(at::kDouble);
    squares += moved.square().sum().item<double>();
    along += (moved * gradient).sum().item<double>();
  }
  CHECK(std::sqrt(squares) == Approx(0.3).epsilon(1e-5));
  CHECK(along > 0);
  CHECK(still.equal(start));
  sam.climb_down();
  CHECK((one.equal(start) && two.equal(start)));
  first.mutable_grad() = at::zeros_like(start);
  second.mutable_grad() = at::zeros_like(start);
  sam.climb();
  CHECK((one.equal(start) && two.equal(start)));
  CHECK_FALSE(Optimizer({}).climbs());
  CHECK_THROWS_WITH(Optimizer({}, {.sam_radius = -1}), ContainsSubstring("Optimizer: sam_radius = -1"));
}
