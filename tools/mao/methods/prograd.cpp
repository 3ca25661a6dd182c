// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/prograd.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

ProGradOptions prograd_options(OptionReader& options) {
  ProGradOptions chosen;
  chosen.init = options.init(chosen.init);
  chosen.padded = options.flag("padded", chosen.padded, "the words last, zeros before them, as released");
  chosen.context = options.context(chosen.context, chosen.padded ? "" : chosen.init,
                                   "context vectors, with a random or padded start");
  options.idle_when(chosen.padded && chosen.init.empty(), "padded", "without initial words, nothing is padded");
  chosen.templates = {options.text("teacher", chosen.templates[0], "the hand-written prompt of the frozen model")};
  chosen.temperature = options.number("temperature", chosen.temperature, "temperature of both models' predictions");
  chosen.lambda = options.number("lambda", chosen.lambda, "share of the conflicting part that is removed");
  return chosen;
}

const auto prograd_registration = register_method<ProGrad<AnyModel>>(
    {.name = "prograd",
     .summary = "CoOp whose gradient never opposes the frozen model (Zhu et al. 2023)",
     .reference = "prograd"},
    prograd_options);

}  // namespace

}  // namespace mao_program
