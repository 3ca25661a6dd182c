// SPDX-License-Identifier: Apache-2.0
/// \file
/// DePT over CoOp: a second head for the base classes.

#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>

#include "method.hpp"
#include "table.hpp"

namespace mao_program::replay {

namespace {

using DeptCoop = mao::Dept<mao::Coop<mao::Clip>>;

DeptCoop backbone_of(const Trace& trace) {
  const auto head = trace.config<nlohmann::json>("lp");
  const auto optim = trace.config<nlohmann::json>("optim");
  return DeptCoop(mao::Coop<mao::Clip>(trace.clip(), trace.classes(),
                                       {.init = trace.override_or<std::string>("TRAINER.COOP.CTX_INIT", ""),
                                        .context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16)}),
                  {.weight = head.at("weight").get<double>(), .rate = optim.at("LR_EXP").get<double>()});
}

/// What the trace has beside the logits of both heads together: each by itself.
void compare_heads(const Trace& trace, DeptCoop& trained, Report& report) {
  const auto expected = trace.tensors("eval.safetensors");
  const auto given = trace.batches();
  const at::NoGradGuard frozen;
  const auto all = mao::Candidates::all(trace.classes().size());
  const mao::ImageBatch images{.pixels = entry(given, "eval_images", "batches.safetensors"), .features = {}};
  const auto limit = MethodTolerances{};
  trained.bind(trace.classes());
  const mao::Output matching = trained.forward(images, all);
  report.compare("evaluation logits, first head", matching.logits,
                 entry(expected, "logits_similarity", "eval.safetensors"), limit.logits);
  report.compare("evaluation logits, new classes' path", matching.logits,
                 entry(expected, "logits_new_path", "eval.safetensors"), limit.logits);
  const double weight = trace.config<nlohmann::json>("lp").at("weight").get<double>();
  const mao::Tensor both = trained.score(images, trained.encode_text(all));
  report.compare("evaluation logits, second head", (both - matching.logits * (1 - weight)) / weight,
                 entry(expected, "logits_linear", "eval.safetensors"), limit.logits);
}

void replay_dept(const Trace& trace, Report& report) {
  auto backbone = backbone_of(trace);
  replay_method(trace, backbone, trace.steps(), {}, report);
  compare_heads(trace, backbone, report);
}

const Registration registration("ExtrasLinearProbeCoOp", replay_dept);

}  // namespace

}  // namespace mao_program::replay
