// SPDX-License-Identifier: Apache-2.0
/// \file
/// CoPrompt: MaPLe with adapters, consistent with descriptions and second views.

#include <algorithm>

#include <mao/backbones/coprompt.hpp>

#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using Table = std::map<std::string, std::vector<std::string>>;

/// The trace's sentences. It has none for the new classes, where only logits are compared: any will do.
mao::Descriptions descriptions_of(const Trace& trace) {
  const auto table = trace.config<Table>("gpt_prompts");
  const auto known = mao::descriptions_of_table(table);
  return [=](const std::string& name) {
    const bool described = table.contains(name) || table.contains(mao::readable(name));
    return described ? known(name) : std::vector<std::string>{"a photo of a " + mao::readable(name) + "."};
  };
}

/// Depths beyond the deeper tower add prompts that nothing uses. W is 8 where the trace's configuration does not say.
void replay_coprompt(const Trace& trace, Report& report) {
  const auto distance = trace.override_or<std::string>("TRAINER.DISTILL", "cosine");
  mao::require<mao::OptionError>(distance == "cosine", trace.folder().string(), ": TRAINER.DISTILL is \"", distance,
                                 "\", only \"cosine\" can be replayed");
  const auto clip = trace.clip();
  mao::CoPrompt<mao::Clip> backbone(
      clip, trace.classes(),
      {.init = trace.override_or<std::string>("TRAINER.CoPrompt.CTX_INIT", "a photo of a"),
       .context = trace.override_or<std::int64_t>("TRAINER.CoPrompt.N_CTX", 2),
       .depth = std::min(trace.override_or<std::int64_t>("TRAINER.CoPrompt.PROMPT_DEPTH", 9), deeper_tower(*clip)),
       .weight = trace.override_or<double>("TRAINER.W", 8),
       .descriptions = descriptions_of(trace)});
  const auto recorded = trace.json("trace.json");
  backbone.set_picker([recorded](std::int64_t step, std::int64_t) {
    return recorded.at(static_cast<std::size_t>(step)).at("picked_prompt").at(0).get<std::int64_t>();
  });
  report.compare("features of the descriptions", backbone.bank(),
                 entry(trace.tensors("frozen.safetensors"), "gpt_text", "frozen.safetensors"), relative(5e-5));
  replay_method(trace, backbone, trace.steps(), {.features_are_output = false}, report);
}

const Registration coprompt_registration("CoPrompt", replay_coprompt);

}  // namespace

}  // namespace mao_program::replay
