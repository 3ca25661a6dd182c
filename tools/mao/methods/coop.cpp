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

CoopOptions coop_options(OptionReader& options) {
  CoopOptions coop;
  coop.init = options.init(coop.init);
  coop.context = options.context(coop.context, coop.init, "number of context vectors, for a random start");
  coop.class_specific = options.flag("class-specific", coop.class_specific, "one context per class");
  coop.position = position_of(options.choice("class-position", "end", {"end", "middle", "front"}, "place of the name"));
  return coop;
}

const auto coop_registration = register_method<Coop<AnyModel>>(
    {.name = "coop", .summary = "the context of the text prompt (Zhou et al. 2022)", .reference = "coop"},
    coop_options);

}  // namespace

}  // namespace mao_program
