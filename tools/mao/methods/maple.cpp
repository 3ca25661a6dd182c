// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/maple.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

MapleOptions read(OptionReader& options) {
  MapleOptions chosen;
  chosen.init = options.text("init", chosen.init, "words the context starts from; empty: random");
  chosen.context = options.integer("context", chosen.context, "vectors a layer, in either tower");
  chosen.depth = options.integer("depth", chosen.depth, "layers with vectors of their own");
  return chosen;
}

Maple<AnyModel> make(const MethodContext& context, OptionReader& given, MapleOptions options) {
  const TowerSizes towers = context.opened.model->towers();
  options.depth = context.fitting(given, "depth", options.depth, std::min(towers.text_layers, towers.vision_layers));
  options.seed = context.seed;
  return Maple<AnyModel>(context.opened.model, context.classes, options);
}

const MethodRegistration registration({.name = "maple",
                                       .summary = "coupled deep prompts in both towers (Khattak et al. 2023)",
                                       .prompts_towers = true,
                                       .reference = "maple"},
                                      read, make);

}  // namespace

}  // namespace mao_program
