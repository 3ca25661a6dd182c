// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/maple.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

MapleOptions maple_options(OptionReader& options) {
  MapleOptions chosen;
  chosen.init = options.init(chosen.init);
  chosen.context = options.context_of_first_words(chosen.context, chosen.init, "vectors per layer, in either tower");
  chosen.depth = options.integer("depth", chosen.depth, "layers with their own vectors");
  return chosen;
}

void fit_maple(const MethodContext& context, const OptionReader& given, MapleOptions& options) {
  const TowerSizes towers = context.opened.model->towers();
  options.depth = context.fitting(given, "depth", options.depth, std::min(towers.text_layers, towers.vision_layers));
}

const auto maple_registration =
    register_method<Maple<AnyModel>>({.name = "maple",
                                      .summary = "coupled deep prompts in both towers (Khattak et al. 2023)",
                                      .prompts_towers = true,
                                      .reference = "maple"},
                                     maple_options, fit_maple);

}  // namespace

}  // namespace mao_program
