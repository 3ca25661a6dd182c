// SPDX-License-Identifier: Apache-2.0
#include <mao/prompts/context.hpp>
#include <mao/tuner/sgd.hpp>

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

void take_steps(Sgd& sgd, int first, int last) {
  for (int t = first; t < last; ++t) {
    sgd.zero_grad();
    Tensor value = sgd.parameters().front().value;
    value.mutable_grad() = gradient_of(t);
    sgd.step(rate_of(t));
  }
}

const Tensor start = normal_tensor({size}, 1.0, Rng(1));

}  // namespace

TEST_CASE("five steps give what the formula gives", "[sgd]") {
  for (const auto& [momentum, decay] : {std::pair{0.9, 0.05}, std::pair{0.0, 0.05}, std::pair{0.9, 0.0}}) {
    const Tensor value = parameter(start);
    Sgd sgd({{"w", value}}, {.momentum = momentum, .weight_decay = decay});
    take_steps(sgd, 0, 5);
    const auto expected = reference(start, momentum, decay, 5);
    for (std::int64_t i = 0; i < size; ++i) {
      CHECK(value[i].item<double>() == Approx(expected[static_cast<std::size_t>(i)]).margin(1e-5));
    }
    CHECK(value.requires_grad());
  }
}

TEST_CASE("a parameter without a gradient stays as it is, whatever its decay", "[sgd]") {
  const Tensor moved = parameter(start), still = parameter(start);
  Sgd sgd({{"moved", moved}, {"still", still}}, {.momentum = 0.9, .weight_decay = 0.5});
  take_steps(sgd, 0, 3);
  CHECK(still.equal(start));
  CHECK_FALSE(moved.equal(start));
  CHECK(sgd.velocity().size() == 1);
  sgd.zero_grad();
  CHECK_FALSE(moved.grad().defined());
}

TEST_CASE("parameters and velocity are the whole state", "[sgd]") {
  const Tensor whole = parameter(start), first = parameter(start);
  Sgd uninterrupted({{"w", whole}}), before({{"w", first}});
  take_steps(uninterrupted, 0, 5);
  take_steps(before, 0, 2);
  const Tensor second = parameter(first);
  Sgd after({{"w", second}});
  after.set_velocity(before.velocity());
  take_steps(after, 2, 5);
  CHECK(second.equal(whole));
  CHECK_FALSE(first.equal(whole));
}

TEST_CASE("settings out of range are refused", "[sgd]") {
  CHECK_THROWS_WITH(Sgd({}, {.momentum = 1.0}), ContainsSubstring("momentum = 1, expected 0 to below 1"));
  CHECK_THROWS_WITH(Sgd({}, {.weight_decay = -0.1}), ContainsSubstring("weight_decay = -0.1"));
}
