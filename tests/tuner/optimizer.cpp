// SPDX-License-Identifier: Apache-2.0
#include <mao/tuner/optimizer.hpp>

#include <cmath>

#include <mao/core/ops.hpp>
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
  for (const auto kind : {OptimizerKind::Sgd, OptimizerKind::Adam, OptimizerKind::AdamW}) {
    const OptimizerOptions options{.kind = kind};
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
        decoupled ? w *= 1 - rate_of(t) * decay : g += decay * w;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        const double first = m / (1 - std::pow(beta1, t + 1)), second = v / (1 - std::pow(beta2, t + 1));
        w -= rate_of(t) * first / (std::sqrt(second) + epsilon);
      }
      CHECK(value[i].item<double>() == Approx(w).margin(1e-5));
    }
  }
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
}
