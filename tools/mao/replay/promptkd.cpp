// SPDX-License-Identifier: Apache-2.0
/// \file
/// PromptKD: a student that learns from a tuned teacher.

#include <algorithm>

#include <mao/backbones/ivlp.hpp>
#include <mao/backbones/promptkd.hpp>

#include "replay/method.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

namespace {

using Teacher = mao::Ivlp<mao::Clip>;
using Student = mao::PromptKd<mao::Clip, Teacher>;

/// The depth of prompts that lie in `file` as `resblocks.1.VPT_shallow`, `resblocks.2.VPT_shallow` and so on.
std::int64_t depth_in(const mao::TensorMap& file, const std::string& tower) {
  std::int64_t depth = 1;
  while (file.contains(tower + ".transformer.resblocks." + std::to_string(depth) + ".VPT_shallow")) ++depth;
  return depth;
}

/// The CLIP with what the PromptSRC trace beside this one has learned, whose tensors say how it is prompted.
Teacher teacher_of(const Trace& trace) {
  const Trace source(trace.folder().parent_path() / "promptsrc", trace.settings());
  const auto learned = source.tensors("final.safetensors");
  const std::string file = "promptsrc/final.safetensors";
  Teacher teacher(trace.clip(), trace.classes(),
                  {.text_context = entry(learned, "prompt_learner.ctx", file).size(0),
                   .text_depth = depth_in(learned, "text_encoder"),
                   .vision_context = entry(learned, "image_encoder.VPT", file).size(0),
                   .vision_depth = depth_in(learned, "image_encoder")});
  load_parameters(teacher.parameters(), learned, file);
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
                   relative(1e-4));
  }
}

void replay_promptkd(const Trace& trace, Report& report) {
  const std::string key = "TRAINER.PROMPTKD.";
  const double temperature = trace.override_or(key + "TEMPERATURE", 1.0);
  const auto clip = trace.clip();
  Student student(clip, teacher_of(trace),
                  {.vision_context = trace.override_or<std::int64_t>(key + "N_CTX_VISION", 4),
                   .vision_depth = std::min(trace.override_or<std::int64_t>(key + "PROMPT_DEPTH_VISION", 9),
                                            clip->towers().vision_layers),
                   .weight = trace.override_or(key + "KD_WEIGHT", 1.0),
                   .temperature = temperature});
  const auto steps = trace.steps();
  compare_teacher(trace, student, steps, report);
  // Batch statistics over four images magnify rounding: gradients of the reference with one thread and with two are
  // 2.3e-4 apart, its running means 1.0e-5.
  MethodTolerances tolerances;
  tolerances.gradient = relative(1e-3);
  replay_method(trace, student, steps,
                {.tolerances = tolerances,
                 .features_are_output = false,
                 .temperature = temperature,
                 .without_meaning = {"VPT_image_trans.conv1.0.bias"}},  // the batch's mean takes it out again
                report);
  compare_statistics(trace, student, report);
}

const Registration promptkd_registration("PromptKD", replay_promptkd);

}  // namespace

}  // namespace mao_program::replay
