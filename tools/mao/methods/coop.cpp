// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

using CoopOptions = Coop<AnyModel>::Options;

ClassPosition position_of(const std::string& name) {
  if (name == "middle") return ClassPosition::Middle;
  return name == "front" ? ClassPosition::Front : ClassPosition::End;
}

CoopOptions read(OptionReader& options) {
  CoopOptions coop;
  coop.init = options.text("init", coop.init, "words the context starts from; empty: random");
  coop.context = options.context(coop.context);
  coop.class_specific = options.flag("class-specific", coop.class_specific, "one context a class");
  coop.position = position_of(options.choice("class-position", "end", {"end", "middle", "front"}, "place of the name"));
  return coop;
}

Coop<AnyModel> make(const MethodContext& context, OptionReader&, CoopOptions options) {
  options.seed = context.seed;
  return Coop<AnyModel>(context.opened.model, context.classes, options);
}

const MethodRegistration registration(
    {.name = "coop", .summary = "the context of the text prompt (Zhou et al. 2022)", .reference = "coop"}, read, make);

}  // namespace

}  // namespace mao_program
