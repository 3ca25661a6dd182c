// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/cocoop.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

CoCoopOptions read(OptionReader& options) {
  CoCoopOptions chosen;
  chosen.init = options.text("init", chosen.init, "words the context starts from; empty: random");
  chosen.context = options.context(chosen.context);
  return chosen;
}

CoCoop<AnyModel> make(const MethodContext& context, OptionReader&, CoCoopOptions options) {
  options.seed = context.seed;
  return CoCoop<AnyModel>(context.opened.model, context.classes, options);
}

const MethodRegistration registration(
    {.name = "cocoop", .summary = "a context for each image (Zhou et al. 2022)", .reference = "cocoop"}, read, make);

}  // namespace

}  // namespace mao_program
