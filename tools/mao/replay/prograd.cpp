// SPDX-License-Identifier: Apache-2.0
/// \file
/// ProGrad: CoOp along gradients that agree with the frozen model. Beside what every method is compared by, both
/// gradients, the teacher's logits, and where the gradient was turned.

#include <memory>
#include <string>
#include <vector>

#include <mao/backbones/prograd.hpp>

#include "replay/coop.hpp"
#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

/// What went into one step.
struct StepParts {
  mao::Tensor teacher_logits, task_gradient, teacher_gradient;
};

/// ProGrad that keeps the parts of its steps.
class ObservedProGrad : public mao::ProGrad<mao::Clip> {
 public:
  using Base = mao::ProGrad<mao::Clip>;
  using Base::Base;

  mao::Tensor auxiliary_loss(const mao::Output& full, const mao::Batch& batch) {
    steps_.push_back({.teacher_logits = teacher_logits(full), .task_gradient = {}, .teacher_gradient = {}});
    return Base::auxiliary_loss(full, batch);
  }

  void combine(const mao::Tensor& task, const mao::Tensor& auxiliary) {
    steps_.back().task_gradient = gradients_of(task, /*keep_graph=*/true).front();
    steps_.back().teacher_gradient = gradients_of(auxiliary, /*keep_graph=*/true).front();
    Base::combine(task, auxiliary);
  }

  [[nodiscard]] const std::vector<StepParts>& steps() const { return steps_; }

 private:
  std::vector<StepParts> steps_;
};

/// Turned gradients magnify rounding: the reference's own fp32 one is 8.1e-5 off its fp64 one (`prograd.lam` of
/// tolerance_f32_vs_f64.json), and 1.2e-4 with a LAMBDA of 2.
MethodTolerances tolerances() {
  MethodTolerances limits;
  limits.gradient = relative(3e-4);
  return limits;
}

mao::ProGradOptions options_of(const Trace& trace) {
  const auto pattern = trace.config<std::string>("teacher_template");
  mao::require<mao::OptionError>(class_position(trace) == mao::ClassPosition::End, trace.folder().string(),
                                 ": TRAINER.COOP.CLASS_TOKEN_POSITION is not \"end\", the only position that ProGrad "
                                 "supports here");
  mao::ProGradOptions options;
  options.context = trace.override_or<std::int64_t>("TRAINER.COOP.N_CTX", 16);
  options.templates = {pattern};
  options.temperature = trace.override_or("LOSS.T", 1.0);
  options.lambda = trace.override_or("LOSS.LAMBDA", 1.0);
  options.init = "";
  if (trace.override_or("TRAINER.COOP.CTX_INIT", false)) {  // the template without its class, in the last vectors
    options.init = pattern.substr(0, pattern.find(" {}"));
    options.padded = true;
  }
  return options;
}

void compare_steps(const Trace& trace, const std::vector<StepParts>& steps, Report& report) {
  if (!trace.has("prograd_grads.safetensors")) return;
  const std::string file = "prograd_grads.safetensors";
  const auto given = trace.tensors(file);
  const auto log = trace.json("trace.json");
  const MethodTolerances limit = tolerances();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string where = "step " + std::to_string(i), prefix = "step" + std::to_string(i) + ".";
    const StepParts& step = steps[i];
    report.compare("teacher's logits", step.teacher_logits, entry(given, prefix + "teacher_logits", file), limit.logits,
                   where);
    report.compare("gradient of the task", step.task_gradient, entry(given, prefix + "grad_xe", file), limit.gradient,
                   where);
    report.compare("gradient of the teacher", step.teacher_gradient, entry(given, prefix + "grad_kl", file),
                   limit.gradient, where);
    const auto& wanted = log.at(i);
    const double cosine = (step.task_gradient * step.teacher_gradient).sum().item<double>() /
                          (step.task_gradient.norm() * step.teacher_gradient.norm()).item<double>();
    report.compare("cosine of the two", cosine, wanted.at("dot_sign").get<double>(), absolute(3e-4), where);
    report.exact("turned", (cosine < 0) == wanted.at("projected").get<bool>(), "another decision in " + where);
  }
}

void replay_prograd(const Trace& trace, Report& report) {
  const auto options = options_of(trace);
  ObservedProGrad backbone(trace.clip(), trace.classes(), options);
  replay_method(trace, backbone, trace.steps(),
                {.tolerances = tolerances(), .loss_key = "xe_loss", .start_is_known = !options.init.empty()}, report);
  compare_steps(trace, backbone.steps(), report);
}

const Registration prograd_registration("ProGrad", replay_prograd);

}  // namespace

}  // namespace mao_program::replay
