// SPDX-License-Identifier: Apache-2.0
/// \file
/// KgCoOp: CoOp with a distance to hand-written prompts.

#include <mao/backbones/kgcoop.hpp>

#include "replay/coop.hpp"
#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

/// The reference starts from "a photo of a" whenever the setting is true, whatever it says.
void replay_kgcoop(const Trace& trace, Report& report) {
  expect_shared_context(trace, "KgCoOp");
  const bool from_words = trace.override_or("TRAINER.COOP.CTX_INIT", false);
  mao::KgCoop<mao::Clip> backbone(trace.clip(), trace.classes(),
                                  {.init = from_words ? "a photo of a" : "",
                                   .context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16),
                                   .templates = {trace.config<std::string>("template_teacher")},
                                   .weight = trace.override_or("TRAINER.COOP.W", 1.0)});
  if (trace.has("frozen.safetensors")) {
    const auto frozen = trace.tensors("frozen.safetensors");
    report.compare("teacher", backbone.teacher(),
                   mao::unit_rows(entry(frozen, "text_features_old", "frozen.safetensors")), relative(5e-5));
  }
  replay_method(trace, backbone, trace.steps(), {.start_is_known = from_words}, report);
}

const Registration kgcoop_registration("KgCoOp", replay_kgcoop);

}  // namespace

}  // namespace mao_program::replay
