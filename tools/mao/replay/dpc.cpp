// SPDX-License-Identifier: Apache-2.0
/// \file
/// DPC over CoOp: a parallel prompt on batches with hard negatives.

#include <mao/backbones/coop.hpp>
#include <mao/backbones/dpc.hpp>
#include <mao/regularizers/symmetric_contrast.hpp>
#include <mao/sampling/similarity.hpp>

#include <ATen/core/grad_mode.h>

#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using Host = mao::Coop<mao::Clip>;

/// CoOp as it was tuned before. pretuned.safetensors cannot be used: the reference's frozen prompt shares memory with
/// the one it trains, so that file holds what was learned.
Host host_of(const Trace& trace) {
  Host host(trace.clip(), trace.classes(),
            {.init = trace.override_or<std::string>("TRAINER.COOP.CTX_INIT", ""),
             .context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16)});
  load_parameters(host.parameters(), trace.tensors("init.safetensors"), "init.safetensors");
  return host;
}

/// Each image's negatives begin with what the host ranks highest: its best classes without those in the batch already.
void compare_negatives(const Trace& trace, Host& host, const std::vector<StepBatch>& steps, Report& report) {
  const at::NoGradGuard frozen;
  const auto given = trace.tensors("expanded_batches.safetensors");
  const auto looked_at = trace.config<std::int64_t>("topk");
  for (std::size_t step = 0; step < steps.size(); ++step) {
    const auto& labels = steps[step].labels;
    const auto anchors = integers(entry(given, "step" + std::to_string(step) + ".input_labels", "expanded_batches"));
    const mao::Tensor logits =
        host.forward({.pixels = steps[step].images, .features = {}}, mao::Candidates::all(host.classes().size()))
            .logits;
    std::set<std::int64_t> in_batch(anchors.begin(), anchors.end());
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (std::find(anchors.begin(), anchors.end(), labels[i]) == anchors.end()) continue;
      std::vector<std::int64_t> ranked;
      for (const std::int64_t label : integers(logits[static_cast<std::int64_t>(i)].argsort(-1, true))) {
        if (label != labels[i] && static_cast<std::int64_t>(ranked.size()) < looked_at - 1) ranked.push_back(label);
      }
      std::size_t next = i + 1;
      for (const std::int64_t label : ranked) {
        if (!in_batch.insert(label).second) continue;
        report.exact("negatives", next < labels.size() && labels[next] == label,
                     mao::text_of("step ", step, ": class ", label, " does not follow image ", i));
        ++next;
      }
      for (; next < labels.size() && in_batch.insert(labels[next]).second; ++next) continue;  // random ones
    }
  }
}

void replay_dpc(const Trace& trace, Report& report) {
  auto host = host_of(trace);
  const auto steps = trace.expanded_steps();
  compare_negatives(trace, host, steps, report);
  mao::Dpc dpc(std::move(host), mao::DpcOptions::released(0.2));  // config.json says w in words alone
  replay_method(trace, dpc, steps, {.start_is_known = true, .targets_are_labels = false, .column_an_image = true},
                report, mao::SymmetricContrast{});
}

const Registration dpc_registration("StackSPLE_CoOp", replay_dpc);

}  // namespace

}  // namespace mao_program::replay
