// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/coop.hpp>
#include <mao/backbones/dpc.hpp>

#include "methods/registry.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

struct DpcSettings {
  DpcOptions options;
  std::string host;
};

DpcSettings dpc_options(OptionReader& options) {
  DpcSettings chosen;
  chosen.host = options.text("host", "", "prompts file of a tuned method (required); {seed} stands for the seed");
  chosen.options.base_weight =
      options.number("base-weight", chosen.options.base_weight, "weight of the second prompt, for base classes");
  chosen.options.new_weight =
      options.number("new-weight", chosen.options.new_weight, "weight of the second prompt, for new classes");
  chosen.options.rate = options.number("rate", chosen.options.rate, "factor of the learning rate");
  chosen.options.host_terms = options.flag("host-terms", chosen.options.host_terms, "keep the host's own loss terms");
  if (options.flag("released", false, "train and score as in the released code")) {
    chosen.options = DpcOptions::released(chosen.options.base_weight);
    for (const char* name : {"new-weight", "rate", "host-terms"}) {
      options.idle_when(true, name, "--set released=true trains and scores as the released code does");
    }
  }
  return chosen;
}

Dpc<AnyBackbone> make_dpc(const MethodContext& context, OptionReader&, DpcSettings chosen) {
  require<OptionError>(!chosen.host.empty(),
                       "dpc continues from a tuned method: tune one first, then give its prompts, e.g. --set "
                       "host=RUN/seed{seed}/plain.prompts.safetensors");
  std::string file = chosen.host;
  if (const auto at = file.find("{seed}"); at != std::string::npos) file.replace(at, 6, std::to_string(context.seed));
  return Dpc<AnyBackbone>(restored_backbone(context.opened, load_prompts(file), context.classes), chosen.options);
}

const MethodRegistration dpc_registration(
    {.name = "dpc",
     .summary = "a second prompt for the base classes of a tuned method (Li et al. "
                "2025)"},
    dpc_options, make_dpc);

}  // namespace

}  // namespace mao_program
