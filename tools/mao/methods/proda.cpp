// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/proda.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

ProDaOptions proda_options(OptionReader& options) {
  ProDaOptions chosen;
  chosen.prompts = options.integer("prompts", chosen.prompts, "number of contexts");
  chosen.context = options.integer("context", chosen.context, "vectors of each context");
  chosen.step_prompts = options.integer("step-prompts", chosen.step_prompts, "contexts of a training step");
  chosen.orthogonality =
      options.number("orthogonality", chosen.orthogonality, "weight of the orthogonality of the contexts");
  return chosen;
}

const auto proda_registration = register_method<ProDa<AnyModel>>(
    {.name = "proda", .summary = "a distribution of contexts (Lu et al. 2022)"}, proda_options);

}  // namespace

}  // namespace mao_program
