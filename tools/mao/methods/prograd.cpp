// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/prograd.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

ProGradOptions read(OptionReader& options) {
  ProGradOptions chosen;
  chosen.init = options.text("init", chosen.init, "words the context starts from; empty: random");
  chosen.context = options.integer("context", chosen.context, "context vectors, with a random or padded start");
  chosen.padded = options.flag("padded", chosen.padded, "the words last, zeros before them, as released");
  chosen.templates = {options.text("teacher", chosen.templates[0], "the hand-written prompt of the frozen model")};
  chosen.temperature = options.number("temperature", chosen.temperature, "of both models' predictions");
  chosen.lambda = options.number("lambda", chosen.lambda, "share of the conflicting part that is taken away");
  return chosen;
}

ProGrad<AnyModel> make(const MethodContext& context, OptionReader&, ProGradOptions options) {
  options.seed = context.seed;
  return ProGrad<AnyModel>(context.opened.model, context.classes, options);
}

const MethodRegistration registration(
    {.name = "prograd",
     .summary = "CoOp whose gradient never opposes the frozen model (Zhu et al. 2023)",
     .reference = "prograd"},
    read, make);

}  // namespace

}  // namespace mao_program
