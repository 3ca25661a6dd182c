// SPDX-License-Identifier: Apache-2.0
/// \file
/// CoCoOp: a context of its own for each image.

#include <mao/backbones/cocoop.hpp>

#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

void replay_cocoop(const Trace& trace, Report& report) {
  const auto init = trace.override_or<std::string>("TRAINER.COCOOP.CTX_INIT", "");
  mao::CoCoop<mao::Clip> backbone(
      trace.clip(), trace.classes(),
      {.init = init, .context = trace.override_or<std::int64_t>("TRAINER.COCOOP.N_CTX", 16)});
  if (!init.empty()) {
    const mao::Parameter context = backbone.parameters().front();
    report.compare(context.name + ", start", context.value,
                   entry(trace.tensors("init.safetensors"), context.name, "init.safetensors"), absolute(1e-6));
  }
  MethodOptions options;
  // The reference's own fp32 gradient is 3.0e-4 off its fp64 one at step 2 (tolerance_f32_vs_f64.json).
  options.tolerances.gradient = relative(1e-3);
  replay_method(trace, backbone, trace.steps(), options, report);
}

const Registration cocoop_registration("CoCoOp", replay_cocoop);

}  // namespace

}  // namespace mao_program::replay
