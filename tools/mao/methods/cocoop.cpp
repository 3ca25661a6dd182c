// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/cocoop.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

CoCoopOptions cocoop_options(OptionReader& options) {
  CoCoopOptions chosen;
  chosen.init = options.init(chosen.init);
  chosen.context = options.context(chosen.context, chosen.init, "number of context vectors, for a random start");
  return chosen;
}

const auto cocoop_registration = register_method<CoCoop<AnyModel>>(
    {.name = "cocoop", .summary = "a context for each image (Zhou et al. 2022)", .reference = "cocoop"},
    cocoop_options);

}  // namespace

}  // namespace mao_program
