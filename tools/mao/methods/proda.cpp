// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/proda.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

ProDaOptions read(OptionReader& options) {
  ProDaOptions chosen;
  chosen.prompts = options.integer("prompts", chosen.prompts, "contexts in all");
  chosen.context = options.integer("context", chosen.context, "vectors of each");
  chosen.step_prompts = options.integer("step-prompts", chosen.step_prompts, "contexts of a training step");
  chosen.orthogonality = options.number("orthogonality", chosen.orthogonality, "weight of their being apart");
  return chosen;
}

ProDa<AnyModel> make(const MethodContext& context, OptionReader&, ProDaOptions options) {
  options.seed = context.seed;
  return ProDa<AnyModel>(context.opened.model, context.classes, options);
}

const MethodRegistration registration({.name = "proda", .summary = "a distribution of contexts (Lu et al. 2022)"}, read,
                                      make);

}  // namespace

}  // namespace mao_program
