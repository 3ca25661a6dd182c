// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coprompt.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

CoPromptOptions coprompt_options(OptionReader& options) {
  CoPromptOptions chosen;
  chosen.init = options.init(chosen.init);
  chosen.context = options.context_of_first_words(chosen.context, chosen.init, "vectors per layer, in either tower");
  chosen.depth = options.integer("depth", chosen.depth, "layers with their own vectors");
  chosen.weight = options.number("weight", chosen.weight, "weight of the consistency with the frozen model");
  chosen.text_share = options.number("text-share", chosen.text_share, "share of the text adapter");
  chosen.image_share = options.number("image-share", chosen.image_share, "share of the image adapter");
  const std::string file = options.text("descriptions", "", "JSON of sentences for each class; empty: 60 templates");
  if (!file.empty()) chosen.descriptions = descriptions_of_file(file);
  return chosen;
}

void fit_coprompt(const MethodContext& context, const OptionReader& given, CoPromptOptions& options) {
  const TowerSizes towers = context.opened.model->towers();
  options.depth = context.fitting(given, "depth", options.depth, std::min(towers.text_layers, towers.vision_layers));
}

const auto coprompt_registration = register_method<CoPrompt<AnyModel>>(
    {.name = "coprompt",
     .summary = "MaPLe with adapters, consistent with descriptions (Roy and Etemad 2024)",
     .prompts_towers = true,
     .reference = "coprompt"},
    coprompt_options, fit_coprompt);

}  // namespace

}  // namespace mao_program
