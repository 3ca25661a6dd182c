// SPDX-License-Identifier: Apache-2.0
/// \file
/// PromptSRC, by itself and in the base stage of the released MAO.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "replay/promptsrc.hpp"
#include "replay/table.hpp"

namespace mao_program::replay {

PromptSrcClip promptsrc_of(const Trace& trace, std::vector<std::string> templates) {
  const auto integer = [&](const char* key, std::int64_t fallback) {
    return trace.override_or<std::int64_t>(std::string("TRAINER.PROMPTSRC.") + key, fallback);
  };
  const auto number = [&](const char* key, double fallback) {
    return trace.override_or<double>(std::string("TRAINER.PROMPTSRC.") + key, fallback);
  };
  const auto clip = trace.clip();
  const mao::TowerSizes towers = clip->towers();  // a depth beyond a tower's prompts all of its blocks
  mao::PromptSrcOptions options{.init = trace.override_or<std::string>("TRAINER.PROMPTSRC.CTX_INIT", "a photo of a"),
                                .text_context = integer("N_CTX_TEXT", 4),
                                .text_depth = std::min(integer("PROMPT_DEPTH_TEXT", 9), towers.text_layers),
                                .vision_context = integer("N_CTX_VISION", 4),
                                .vision_depth = std::min(integer("PROMPT_DEPTH_VISION", 9), towers.vision_layers),
                                .templates = std::move(templates),
                                .text_weight = number("TEXT_LOSS_WEIGHT", 25),
                                .image_weight = number("IMAGE_LOSS_WEIGHT", 10),
                                .aggregation = {.mean = number("GPA_MEAN", 15), .deviation = number("GPA_STD", 1)}};
  const auto given = trace.config().find("templates");
  if (given != trace.config().end() && given->is_array()) options.templates = given->get<std::vector<std::string>>();
  return PromptSrcClip(clip, trace.classes(), options);
}

MethodOptions promptsrc_comparison(const Trace& trace) {
  MethodOptions options;
  const auto batches = trace.config<std::int64_t>("batches_per_epoch"), steps = trace.config<std::int64_t>("T");
  const auto names = trace.config<nlohmann::json>("trainable");
  const mao::TensorMap raw = trace.has("gpa.safetensors") ? trace.tensors("gpa.safetensors") : mao::TensorMap{};
  const std::string epoch = "epoch" + std::to_string(steps / batches) + ".raw.",
                    step = "step" + std::to_string(steps - 1) + ".param.";
  for (const auto& [name, shape] : names.items()) {
    options.in_place_of[step + name] = raw.empty() ? mao::Tensor() : entry(raw, epoch + name, "gpa.safetensors");
  }
  return options;
}

void compare_teacher(const Trace& trace, const PromptSrcClip& backbone, Report& report) {
  const auto frozen = trace.tensors("frozen.safetensors");
  report.compare("class vectors of the frozen model", backbone.teacher(),
                 mao::unit_rows(entry(frozen, "fixed_embeddings", "frozen.safetensors")), relative(5e-5));
}

namespace {

void compare_weights(const Trace& trace, Report& report) {
  const auto given = trace.tensors("gpa.safetensors");
  const double mean = trace.override_or("TRAINER.PROMPTSRC.GPA_MEAN", 15.0),
               deviation = trace.override_or("TRAINER.PROMPTSRC.GPA_STD", 1.0);
  const auto weights = mao::gaussian_weights(trace.config<int>("epochs"), {.mean = mean, .deviation = deviation});
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::string name = "epoch" + std::to_string(i + 1) + ".weight";
    report.compare("weights of the epochs", weights[i], entry(given, name, "gpa.safetensors").item<double>(),
                   relative(1e-6), name);
  }
}

void replay_promptsrc(const Trace& trace, Report& report) {
  PromptSrcClip backbone = promptsrc_of(trace);
  compare_teacher(trace, backbone, report);
  compare_weights(trace, report);
  replay_method(trace, backbone, trace.steps(), promptsrc_comparison(trace), report);
}

const Registration promptsrc_registration("PromptSRC", replay_promptsrc);

}  // namespace

}  // namespace mao_program::replay
