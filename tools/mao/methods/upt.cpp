// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/upt.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

UptOptions upt_options(OptionReader& options) {
  UptOptions chosen;
  chosen.context = options.integer("context", chosen.context, "vectors for each tower");
  chosen.mix_prompts =
      options.flag("mix", chosen.mix_prompts, "prompts of both towers see each other (paper); false: as released");
  chosen.dropout = options.number("dropout", chosen.dropout, "dropout in training");
  return chosen;
}

const auto upt_registration =
    register_method<Upt<AnyModel>>({.name = "upt",
                                    .summary = "prompts of both towers from one small transformer (Zang et al. 2022)",
                                    .prompts_towers = true},
                                   upt_options);

}  // namespace

}  // namespace mao_program
