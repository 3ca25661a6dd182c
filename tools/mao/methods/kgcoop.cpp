// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/kgcoop.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

KgCoopOptions kgcoop_options(OptionReader& options) {
  KgCoopOptions chosen;
  chosen.init = options.init(chosen.init);
  chosen.context = options.context(chosen.context, chosen.init, "number of context vectors, for a random start");
  chosen.templates = {
      options.text("teacher", chosen.templates[0], "the hand-written prompt that class vectors stay close to")};
  chosen.weight = options.number("weight", chosen.weight, "weight of the distance to it");
  return chosen;
}

const auto kgcoop_registration =
    register_method<KgCoop<AnyModel>>({.name = "kgcoop",
                                       .summary = "CoOp that stays close to the hand-written prompt (Yao et al. 2023)",
                                       .reference = "kgcoop"},
                                      kgcoop_options);

}  // namespace

}  // namespace mao_program
