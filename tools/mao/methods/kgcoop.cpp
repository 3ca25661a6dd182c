// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/kgcoop.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

KgCoopOptions read(OptionReader& options) {
  KgCoopOptions chosen;
  chosen.init = options.text("init", chosen.init, "words the context starts from; empty: random");
  chosen.context = options.context(chosen.context);
  chosen.templates = {options.text("teacher", chosen.templates[0], "the hand-written prompt it stays near")};
  chosen.weight = options.number("weight", chosen.weight, "of the distance to it");
  return chosen;
}

KgCoop<AnyModel> make(const MethodContext& context, OptionReader&, KgCoopOptions options) {
  options.seed = context.seed;
  return KgCoop<AnyModel>(context.opened.model, context.classes, options);
}

const MethodRegistration registration({.name = "kgcoop",
                                       .summary = "CoOp held near the hand-written prompt (Yao et al. 2023)",
                                       .reference = "kgcoop"},
                                      read, make);

}  // namespace

}  // namespace mao_program
