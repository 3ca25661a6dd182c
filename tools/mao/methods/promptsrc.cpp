// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/promptsrc.hpp>

#include "methods/deep_prompt_options.hpp"

namespace mao_program {

namespace {

PromptSrcOptions promptsrc_options(OptionReader& options) {
  auto chosen = read_deep_prompts<PromptSrcOptions>(options);
  chosen.text_weight = options.number("text-weight", chosen.text_weight, "weight of the distance of class features");
  chosen.image_weight = options.number("image-weight", chosen.image_weight, "weight of the distance of image features");
  chosen.logit_weight = options.number("logit-weight", chosen.logit_weight, "weight of the divergence of the logits");
  auto& gpa = chosen.aggregation;
  gpa.mean = options.number("gpa-mean", gpa.mean, "epoch with the largest weight in the average of the prompts");
  gpa.deviation = options.number("gpa-deviation", gpa.deviation, "standard deviation of the weights, in epochs");
  gpa.planned_for = static_cast<int>(
      options.integer("gpa-planned", 0, "number of epochs that the two were chosen for; 0: not scaled"));
  return chosen;
}

const auto promptsrc_registration =
    register_method<PromptSrc<AnyModel>>({.name = "promptsrc",
                                          .summary = "IVLP that stays close to the frozen model (Khattak et al. 2023)",
                                          .prompts_towers = true,
                                          .reference = "promptsrc"},
                                         promptsrc_options, fit_deep_prompts<PromptSrcOptions>);

}  // namespace

}  // namespace mao_program
