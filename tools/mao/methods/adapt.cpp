// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/adapt.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

AdaptOptions adapt_options(OptionReader& options) {
  AdaptOptions chosen;
  chosen.pattern = options.text("pattern", chosen.pattern, "the class prompt, which is not trained");
  chosen.tokens = options.integer("tokens", chosen.tokens, "tokens of each block of each tower at the start");
  chosen.target = options.integer("target", chosen.target, "tokens of both towers together at the end");
  chosen.prune_until = options.number("prune-until", chosen.prune_until, "fraction of the epochs with pruning");
  chosen.joint = options.flag("joint", chosen.joint, "both towers are ranked together");
  const std::string distance = options.choice("distance", "feature-cosine", {"feature-cosine", "relational-angle"},
                                              "distance to the frozen model");
  if (distance == "relational-angle") chosen.distance = TeacherDistance::RelationalAngle;
  chosen.text_weight = options.number("text-weight", chosen.text_weight, "weight of that distance, for classes");
  chosen.image_weight = options.number("image-weight", chosen.image_weight, "weight of that distance, for images");
  return chosen;
}

void fit_adapt(const MethodContext& context, const OptionReader& given, AdaptOptions& options) {
  const TowerSizes towers = context.opened.model->towers();
  options.target = context.fitting(given, "target", options.target,
                                   options.tokens * (towers.text_layers + towers.vision_layers) / 2);
}

const auto adapt_registration =
    register_method<Adapt<AnyModel>>({.name = "adapt",
                                      .summary = "extra keys of every block, pruned by saliency (our reading of ADAPT)",
                                      .prompts_towers = true},
                                     adapt_options, fit_adapt);

}  // namespace

}  // namespace mao_program
