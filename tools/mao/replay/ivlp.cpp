// SPDX-License-Identifier: Apache-2.0
/// \file
/// IVLP: independent prompts in both towers.

#include <algorithm>

#include <mao/backbones/ivlp.hpp>

#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

/// A depth beyond a tower's prompts all of its blocks.
void replay_ivlp(const Trace& trace, Report& report) {
  const auto get = [&](const char* key, std::int64_t fallback) {
    return trace.override_or<std::int64_t>(std::string("TRAINER.IVLP.") + key, fallback);
  };
  const auto clip = trace.clip();
  const mao::TowerSizes towers = clip->towers();
  mao::Ivlp<mao::Clip> backbone(clip, trace.classes(),
                                {.init = trace.override_or<std::string>("TRAINER.IVLP.CTX_INIT", "a photo of a"),
                                 .text_context = get("N_CTX_TEXT", 2),
                                 .text_depth = std::min(get("PROMPT_DEPTH_TEXT", 9), towers.text_layers),
                                 .vision_context = get("N_CTX_VISION", 2),
                                 .vision_depth = std::min(get("PROMPT_DEPTH_VISION", 9), towers.vision_layers)});
  replay_method(trace, backbone, trace.steps(), {}, report);
}

const Registration ivlp_registration("IVLP", replay_ivlp);

}  // namespace

}  // namespace mao_program::replay
