// SPDX-License-Identifier: Apache-2.0
/// \file
/// MaPLe: coupled prompts in both towers.

#include <algorithm>

#include <mao/backbones/maple.hpp>

#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

/// N_CTX words start the context only up to 4 of them, as in the reference. Depths beyond the deeper tower add prompts
/// that nothing uses.
void replay_maple(const Trace& trace, Report& report) {
  const auto clip = trace.clip();
  const auto depth = trace.override_or<std::int64_t>("TRAINER.MAPLE.PROMPT_DEPTH", 9);
  mao::Maple<mao::Clip> backbone(clip, trace.classes(),
                                 {.init = trace.override_or<std::string>("TRAINER.MAPLE.CTX_INIT", "a photo of a"),
                                  .context = trace.override_or<std::int64_t>("TRAINER.MAPLE.N_CTX", 2),
                                  .depth = std::min(depth, deeper_tower(*clip))});
  replay_method(trace, backbone, trace.steps(), {}, report);
}

const Registration maple_registration("MaPLe", replay_maple);

}  // namespace

}  // namespace mao_program::replay
