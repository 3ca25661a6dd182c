// SPDX-License-Identifier: Apache-2.0
// Ten steps of each optimizer give what PyTorch's own give (torch_optim.py), and SAM what two passes by hand give.
#include <mao/optimizers/optimizer.hpp>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>

#include <mao/core/detail/ops.hpp>

#include <support/catch.hpp>

#include "torch_optim.hpp"

using namespace mao;

namespace {

constexpr int entries = 5, steps = 10;

Tensor start_of(int number) {
  std::vector<double> values;
  for (int i = 0; i < entries; ++i) values.push_back(std::cos(i + 7 * number));
  return at::tensor(values, at::kDouble).requires_grad_();
}

/// As `loss` of torch_optim.py.
void differentiate(const Tensor& first, const Tensor& second, int step) {
  const Tensor loss =
      at::sin(first * 3 + step).sum() + (first * second).sum() + second.square().sum() * (0.5 * (1 + step % 3));
  loss.backward();
}

std::vector<double> trained(const OptimizerOptions& options) {
  const Tensor first = start_of(0), second = start_of(1);
  Optimizer optimizer({{"first", first}, {"second", second}}, options);
  for (int step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    differentiate(first, second, step);
    if (optimizer.climbs()) {
      optimizer.climb();
      optimizer.zero_grad();
      differentiate(first, second, step);
      optimizer.climb_down();
    }
    optimizer.step([&](const Parameter&) { return 0.1 / (step + 1); });
  }
  std::vector<double> numbers;
  for (const Tensor& value : {first, second}) {
    const Tensor plain = value.detach();
    numbers.insert(numbers.end(), plain.const_data_ptr<double>(), plain.const_data_ptr<double>() + entries);
  }
  return numbers;
}

/// The settings of torch_optim.py.
OptimizerOptions settings(OptimizerKind kind) {
  return {
      .kind = kind, .weight_decay = 0.05, .momentum = 0.7, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .alpha = 0.9};
}

}  // namespace

TEST_CASE("ten steps give what PyTorch's optimizers give", "[optimizer]") {
  std::vector<std::pair<std::string, OptimizerOptions>> cases{
      {"sgd", settings(OptimizerKind::Sgd)},         {"momentum", settings(OptimizerKind::Sgd)},
      {"dampening", settings(OptimizerKind::Sgd)},   {"nesterov", settings(OptimizerKind::Sgd)},
      {"adam", settings(OptimizerKind::Adam)},       {"amsgrad", settings(OptimizerKind::Adam)},
      {"adamw", settings(OptimizerKind::AdamW)},     {"radam", settings(OptimizerKind::RAdam)},
      {"rmsprop", settings(OptimizerKind::RmsProp)}, {"sam_momentum", settings(OptimizerKind::Sgd)},
      {"sam_adam", settings(OptimizerKind::Adam)}};
  REQUIRE(cases.size() == torch_optim.size());
  for (auto& [name, options] : cases) {
    CAPTURE(name);
    if (name == "sgd") options.momentum = 0;
    if (name == "dampening") options.dampening = 0.3;
    options.nesterov = name == "nesterov";
    options.amsgrad = name == "amsgrad";
    if (name.starts_with("sam")) options.sam_radius = 0.2;
    const std::vector<double> found = trained(options), expected = torch_optim.at(name);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(0).margin(1e-12));
  }
}
