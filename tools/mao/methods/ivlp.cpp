// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/ivlp.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

IvlpOptions read(OptionReader& options) {
  IvlpOptions ivlp;
  ivlp.init = options.text("init", ivlp.init, "words the text context starts from; empty: random");
  ivlp.text_context = options.context_of_first_words(ivlp.text_context, ivlp.init, "text vectors a layer");
  ivlp.text_depth = options.integer("text-depth", ivlp.text_depth, "layers with text vectors of their own");
  ivlp.vision_context = options.integer("vision-context", ivlp.vision_context, "image vectors a layer");
  ivlp.vision_depth = options.integer("vision-depth", ivlp.vision_depth, "layers with image vectors of their own");
  return ivlp;
}

void fit(const MethodContext& context, const OptionReader& given, IvlpOptions& options) {
  const TowerSizes towers = context.opened.model->towers();
  options.text_depth = context.fitting(given, "text-depth", options.text_depth, towers.text_layers);
  options.vision_depth = context.fitting(given, "vision-depth", options.vision_depth, towers.vision_layers);
}

const auto registration =
    register_method<Ivlp<AnyModel>>({.name = "ivlp",
                                     .summary = "deep prompts in both towers, apart from each other (IVLP)",
                                     .prompts_towers = true,
                                     .reference = "ivlp"},
                                    read, fit);

}  // namespace

}  // namespace mao_program
