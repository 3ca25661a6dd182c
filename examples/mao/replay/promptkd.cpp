// SPDX-License-Identifier: Apache-2.0
/// \file
/// PromptKD: a student that learns from a tuned teacher.

#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/promptkd.hpp>

#include "method.hpp"
#include "table.hpp"

namespace mao_program::replay {

namespace {

using Teacher = mao::Ivlp<mao::Clip>;
using Student = mao::PromptKd<mao::Clip, Teacher>;

/// The tiny CLIP with what the PromptSRC trace beside this one has learned.
Teacher teacher_of(const Trace& trace) {
  const Trace source(trace.folder().parent_path() / "promptsrc", trace.settings());
  const auto get = [&](const char* key) {
    return trace.override_or<std::int64_t>(std::string("TRAINER.PROMPTKD.") + key, 4);
  };
  Teacher teacher(trace.clip(), trace.classes(),
                  {.text_context = get("N_CTX_TEXT"),
                   .text_depth = get("PROMPT_DEPTH_TEXT"),
                   .vision_context = get("N_CTX_VISION"),
                   .vision_depth = get("PROMPT_DEPTH_VISION")});
  load_parameters(teacher.parameters(), source.tensors("final.safetensors"), "promptsrc/final.safetensors");
  return teacher;
}

/// The teacher's text and its logits on the images of each step.
void compare_teacher(const Trace& trace, Student& student, const std::vector<StepBatch>& steps, Report& report) {
  const auto limit = MethodTolerances{};
  const auto all = mao::Candidates::all(trace.classes().size());
  report.compare("teacher's text", student.encode_text(all),
                 entry(trace.tensors("eval.safetensors"), "teacher_text", "eval.safetensors"), limit.feature);
  const auto expected = trace.tensors("teacher_logits.safetensors");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string name = "step" + std::to_string(i);
    report.compare("teacher's logits", student.teacher_logits({.pixels = steps[i].images, .features = {}}),
                   entry(expected, name + ".logits", "teacher_logits.safetensors"), limit.logits, name);
  }
}

void compare_statistics(const Trace& trace, const Student& student, Report& report) {
  const auto expected = trace.tensors("buffers.safetensors");
  for (const auto& [name, value] : student.buffers()) {
    report.compare(name, value.to(at::kFloat), entry(expected, name, "buffers.safetensors").to(at::kFloat),
                   MethodTolerances{}.parameter);
  }
}

void replay_promptkd(const Trace& trace, Report& report) {
  const std::string key = "TRAINER.PROMPTKD.";
  const double temperature = trace.override_or(key + "TEMPERATURE", 1.0);
  Student student(trace.clip(), teacher_of(trace),
                  {.vision_context = trace.override_or<std::int64_t>(key + "N_CTX_VISION", 4),
                   .vision_depth = trace.override_or<std::int64_t>(key + "PROMPT_DEPTH_VISION", 9),
                   .weight = trace.override_or(key + "KD_WEIGHT", 1000.0),
                   .temperature = temperature});
  const auto steps = trace.steps();
  compare_teacher(trace, student, steps, report);
  // Batch statistics over four images magnify rounding: the same code is 9.2e-5 off with one thread, 2.3e-5 with two.
  MethodTolerances tolerances;
  tolerances.gradient = relative(3e-4);
  replay_method(trace, student, steps,
                {.tolerances = tolerances,
                 .features_are_output = false,
                 .temperature = temperature,
                 .without_meaning = {"VPT_image_trans.conv1.0.bias"}},  // the batch's mean takes it out again
                report);
  compare_statistics(trace, student, report);
}

const Registration registration("PromptKD", replay_promptkd);

}  // namespace

}  // namespace mao_program::replay
