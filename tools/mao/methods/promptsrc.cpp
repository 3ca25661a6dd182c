// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/promptsrc.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

PromptSrcOptions read(OptionReader& options) {
  PromptSrcOptions chosen;
  chosen.init = options.text("init", chosen.init, "words the text context starts from; empty: random");
  chosen.text_context = options.context_of_first_words(chosen.text_context, chosen.init, "text vectors a layer");
  chosen.text_depth = options.integer("text-depth", chosen.text_depth, "layers with text vectors of their own");
  chosen.vision_context = options.integer("vision-context", chosen.vision_context, "image vectors a layer");
  chosen.vision_depth = options.integer("vision-depth", chosen.vision_depth, "layers with image vectors of their own");
  chosen.text_weight = options.number("text-weight", chosen.text_weight, "of the distance of class features");
  chosen.image_weight = options.number("image-weight", chosen.image_weight, "of the distance of image features");
  chosen.logit_weight = options.number("logit-weight", chosen.logit_weight, "of the divergence of the logits");
  auto& gpa = chosen.aggregation;
  gpa.mean = options.number("gpa-mean", gpa.mean, "epoch that weighs most in the average of the prompts");
  gpa.deviation = options.number("gpa-deviation", gpa.deviation, "epochs around it");
  gpa.planned_for =
      static_cast<int>(options.integer("gpa-planned", 0, "epochs the two were chosen for, 0: never scaled"));
  return chosen;
}

void fit(const MethodContext& context, const OptionReader& given, PromptSrcOptions& options) {
  const TowerSizes towers = context.opened.model->towers();
  options.text_depth = context.fitting(given, "text-depth", options.text_depth, towers.text_layers);
  options.vision_depth = context.fitting(given, "vision-depth", options.vision_depth, towers.vision_layers);
}

const auto registration =
    register_method<PromptSrc<AnyModel>>({.name = "promptsrc",
                                          .summary = "IVLP held near the frozen model (Khattak et al. 2023)",
                                          .prompts_towers = true,
                                          .reference = "promptsrc"},
                                         read, fit);

}  // namespace

}  // namespace mao_program
