// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Optimisers by the names that the program and the references' configurations have for them.

#include <array>
#include <string>
#include <vector>

#include <mao/core/error.hpp>
#include <mao/optimizers/optimizer.hpp>

#include "tune/settings.hpp"

namespace mao_program {

struct NamedOptimizer {
  const char* name;
  mao::OptimizerKind kind;
  bool amsgrad = false;
  double sam_radius = 0;
};

inline constexpr std::array named_optimizers{
    NamedOptimizer{"sgd", mao::OptimizerKind::Sgd}, NamedOptimizer{"adam", mao::OptimizerKind::Adam},
    NamedOptimizer{"amsgrad", mao::OptimizerKind::Adam, true}, NamedOptimizer{"adamw", mao::OptimizerKind::AdamW},
    NamedOptimizer{"radam", mao::OptimizerKind::RAdam}, NamedOptimizer{"rmsprop", mao::OptimizerKind::RmsProp},
    // The radius of Foret et al.'s experiments with CIFAR.
    NamedOptimizer{"sam", mao::OptimizerKind::Sgd, false, 0.05}};

inline std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const NamedOptimizer& each : named_optimizers) names.emplace_back(each.name);
  return names;
}

/// Options with the optimiser of that name. **Throws** `OptionError`, beginning with `where`, for another.
inline mao::OptimizerOptions with_optimizer(mao::OptimizerOptions options, const std::string& name,
                                            const std::string& where) {
  for (const NamedOptimizer& each : named_optimizers) {
    if (each.name != name) continue;
    options.kind = each.kind;
    options.amsgrad = each.amsgrad;
    options.sam_radius = each.sam_radius;
    return options;
  }
  throw mao::OptionError(mao::text_of(where, ": the optimiser is \"", name,
                                      "\", expected sgd, adam, amsgrad, adamw, radam, rmsprop or sam"));
}

/// The optimiser of a run; `own`: that of its method.
inline mao::OptimizerOptions optimizer_of(const MethodSettings& settings, const mao::OptimizerOptions& own) {
  mao::OptimizerOptions options = own;
  if (settings.optimizer != "auto") options = with_optimizer(options, settings.optimizer, "--optimizer");
  options.epsilon = settings.adam_epsilon;
  if (settings.sam_radius > 0) options.sam_radius = settings.sam_radius;
  return options;
}

}  // namespace mao_program
