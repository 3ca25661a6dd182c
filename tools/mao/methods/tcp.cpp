// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/tcp.hpp>

#include "methods/registry.hpp"

namespace mao_program {

namespace {

TcpOptions tcp_options(OptionReader& options) {
  TcpOptions chosen;
  chosen.init = options.init(chosen.init);
  chosen.context = options.context(chosen.context, chosen.init, "number of context vectors, for a random start");
  chosen.weight = options.number("weight", chosen.weight, "weight of the distance to the hand-written prompt");
  chosen.templates = {
      options.text("teacher", chosen.templates[0], "the hand-written prompt that class vectors stay close to")};
  chosen.suffix_template = options.text("suffix", chosen.suffix_template, "text after the context");
  chosen.block = options.integer("block", chosen.block, "block before which the class tokens are inserted, from 0");
  return chosen;
}

void fit_tcp(const MethodContext& context, const OptionReader& given, TcpOptions& options) {
  options.block = context.fitting(given, "block", options.block, context.opened.model->towers().text_layers - 1);
}

const auto tcp_registration =
    register_method<Tcp<AnyModel>>({.name = "tcp",
                                    .summary = "class-aware tokens inside the text tower (Yao et al. 2024)",
                                    .prompts_towers = true,
                                    .optimizer = {.kind = OptimizerKind::Adam},
                                    .reference = "tcp"},
                                   tcp_options, fit_tcp);

}  // namespace

}  // namespace mao_program
