// SPDX-License-Identifier: Apache-2.0
/// \file
/// DePT over CoOp and over KgCoOp: a second head for the base classes.

#include <map>
#include <string>

#include <mao/backbones/coop.hpp>
#include <mao/backbones/dept.hpp>
#include <mao/backbones/kgcoop.hpp>

#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>

#include "replay/coop.hpp"
#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using HostCoop = mao::Coop<mao::Clip>;
using HostKgCoop = mao::KgCoop<mao::Clip>;

/// The phrase that the context starts from: text, or true where the reference has its own.
std::string start_of(const Trace& trace) {
  const auto value = trace.override_or<nlohmann::json>("TRAINER.COOP.CTX_INIT", "");
  if (value.is_boolean()) return value.get<bool>() ? "a photo of a" : "";
  return value.is_string() ? value.get<std::string>() : "";
}

/// **Throws** `OptionError` for a setting of the reference that the library has no counterpart of.
void expect_known_settings(const Trace& trace) {
  const auto head = trace.config<nlohmann::json>("lp"), optim = trace.config<nlohmann::json>("optim");
  const auto expect = [&](bool known, const std::string& what) {
    mao::require<mao::OptionError>(known, trace.folder().string(), ": ", what);
  };
  expect(head.value("type", "linear") == "linear", "the second head is not linear; only a linear one can be replayed");
  expect(head.value("film", true), "FILM.LINEAR_PROBE is off, the library always transforms the features");
  expect(head.value("test_time_fusion", true), "TEST_TIME_FUSION is off, the library always joins the two logits");
  expect(optim.value("BASE_LR_MULT", 1.0) == 1.0, "BASE_LR_MULT is not 1, only the new layers' rate can differ");
}

HostCoop coop_of(const Trace& trace) {
  return HostCoop(trace.clip(), trace.classes(),
                  {.init = start_of(trace),
                   .context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16),
                   .class_specific = start_of(trace).empty() && trace.override_or("TRAINER.COOP.CSC", false),
                   .position = class_position(trace)});
}

/// KgCoOp's template for the trace's data set, where the trace does not say it itself.
std::string teacher_template(const Trace& trace) {
  static const std::map<std::string, std::string> of_reference{
      {"OxfordPets", "a photo of a {}, a type of pet."},
      {"OxfordFlowers", "a photo of a {}, a type of flower."},
      {"FGVCAircraft", "a photo of a {}, a type of aircraft."},
      {"DescribableTextures", "a photo of a {}, a type of texture."},
      {"EuroSAT", "a centered satellite photo of {}."},
      {"Food101", "a photo of {}, a type of food."},
      {"UCF101", "a photo of a person doing {}."}};
  const auto found = of_reference.find(trace.config().value("dataset_name", "OxfordPets"));
  const std::string usual = found == of_reference.end() ? "a photo of a {}." : found->second;
  return trace.config().value("template_teacher", usual);
}

/// KgCoOp puts the name at the end whatever the setting says; its weight is 2 by default, in DePT alone.
HostKgCoop kgcoop_of(const Trace& trace) {
  expect_shared_context(trace, "KgCoOp");
  return HostKgCoop(trace.clip(), trace.classes(),
                    {.init = start_of(trace).empty() ? "" : "a photo of a",
                     .context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16),
                     .templates = {teacher_template(trace)},
                     .weight = trace.override_or("TRAINER.COOP.W", 2.0)});
}

/// Without STAGED_LR all learn at one rate.
template <class HostT>
mao::Dept<HostT> dept_over(HostT host, const Trace& trace) {
  const auto head = trace.config<nlohmann::json>("lp"), optim = trace.config<nlohmann::json>("optim");
  const double rate = optim.value("STAGED_LR", true) ? optim.at("LR_EXP").get<double>() : 1.0;
  return mao::Dept<HostT>(std::move(host), {.weight = head.at("weight").get<double>(), .rate = rate});
}

/// What the trace has beside the logits of both heads together: each by itself.
template <class HostT>
void compare_heads(const Trace& trace, mao::Dept<HostT>& trained, Report& report) {
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

template <class HostT>
void replay_over(HostT host, const Trace& trace, Report& report) {
  expect_known_settings(trace);
  auto backbone = dept_over(std::move(host), trace);
  replay_method(trace, backbone, trace.steps(), {}, report);
  compare_heads(trace, backbone, report);
}

void replay_coop_host(const Trace& trace, Report& report) { replay_over(coop_of(trace), trace, report); }
void replay_kgcoop_host(const Trace& trace, Report& report) { replay_over(kgcoop_of(trace), trace, report); }

const Registration over_coop("ExtrasLinearProbeCoOp", replay_coop_host);
const Registration over_kgcoop("ExtrasLinearProbeKgCoOp", replay_kgcoop_host);

}  // namespace

}  // namespace mao_program::replay
