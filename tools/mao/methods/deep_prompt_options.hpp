// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Options of methods with independent deep prompts in both towers: IVLP and PromptSRC.

#include "methods/registry.hpp"

namespace mao_program {

/// Reads the start, number and depth of the prompts.
template <class Options>
Options read_deep_prompts(OptionReader& options) {
  Options chosen;
  chosen.init = options.text("init", chosen.init, "initial words of the text context; \"\" for a random start");
  chosen.text_context = options.context_of_first_words(chosen.text_context, chosen.init, "text vectors a layer");
  chosen.text_depth = options.integer("text-depth", chosen.text_depth, "layers with text vectors of their own");
  chosen.vision_context = options.integer("vision-context", chosen.vision_context, "image vectors per layer");
  chosen.vision_depth = options.integer("vision-depth", chosen.vision_depth, "layers with their own image vectors");
  return chosen;
}

/// Makes depths that were not asked for fit the towers.
template <class Options>
void fit_deep_prompts(const MethodContext& context, const OptionReader& given, Options& options) {
  const TowerSizes towers = context.opened.model->towers();
  options.text_depth = context.fitting(given, "text-depth", options.text_depth, towers.text_layers);
  options.vision_depth = context.fitting(given, "vision-depth", options.vision_depth, towers.vision_layers);
}

}  // namespace mao_program
