// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/vpt.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

VptOptions vpt_options(OptionReader& options) {
  VptOptions chosen;
  chosen.context = options.integer("context", chosen.context, "image vectors per layer");
  chosen.depth = options.integer("depth", chosen.depth, "layers with their own vectors");
  chosen.templates = {options.text("pattern", chosen.templates[0], "the class prompt, which is not trained")};
  return chosen;
}

void fit_vpt(const MethodContext& context, const OptionReader& given, VptOptions& options) {
  options.depth = context.fitting(given, "depth", options.depth, context.opened.model->towers().vision_layers);
}

const auto vpt_registration =
    register_method<Vpt<AnyModel>>({.name = "vpt",
                                    .summary = "prompts of the image tower only (VPT in CLIP)",
                                    .prompts_towers = true,
                                    .reference = "vpt"},
                                   vpt_options, fit_vpt);

}  // namespace

}  // namespace mao_program
