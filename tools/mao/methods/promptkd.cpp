// SPDX-License-Identifier: Apache-2.0
#include <mao/backbones/promptkd.hpp>
#include <mao/backbones/zero_shot.hpp>

#include "methods/registry.hpp"
#include "tune/tuned.hpp"

namespace mao_program {

namespace {

struct PromptKdSettings {
  PromptKdOptions options;
  std::string teacher;
};

/// A tuned method on its own model, or the untuned model itself.
class Teacher : public AnyBackbone {
 public:
  Teacher(AnyBackbone backbone, std::shared_ptr<const AnyModel> model)
      : AnyBackbone(std::move(backbone)), model_(std::move(model)) {}
  [[nodiscard]] const AnyModel& model() const { return *model_; }

 private:
  std::shared_ptr<const AnyModel> model_;
};

Teacher teacher_of(const MethodContext& context, const std::string& file) {
  if (file.empty()) {
    return {AnyBackbone(ZeroShot<AnyModel>(context.opened.model, context.classes)), context.opened.model};
  }
  const Prompts prompts = load_prompts(file);
  RunSettings settings;
  take_model_of(prompts, settings, false);
  settings.model.device = context.opened.device.str();
  const OpenedModel opened = open_model(settings.model);
  return {restored_backbone(opened, prompts, context.classes), opened.model};
}

PromptKdSettings promptkd_options(OptionReader& options) {
  PromptKdSettings chosen;
  chosen.teacher = options.text("teacher", "", "prompts file of a tuned model; empty: this model, untuned");
  auto& kd = chosen.options;
  kd.vision_context = options.integer("vision-context", kd.vision_context, "image vectors per layer");
  kd.vision_depth = options.integer("vision-depth", kd.vision_depth, "layers with their own image vectors");
  kd.weight = options.number("weight", kd.weight, "weight of the distillation");
  kd.temperature = options.number("temperature", kd.temperature, "temperature of both models' predictions");
  return chosen;
}

PromptKd<AnyModel, Teacher> make_promptkd(const MethodContext& context, OptionReader& given, PromptKdSettings chosen) {
  auto options = chosen.options;
  options.vision_depth =
      context.fitting(given, "vision-depth", options.vision_depth, context.opened.model->towers().vision_layers);
  options.seed = context.seed;
  return PromptKd<AnyModel, Teacher>(context.opened.model, teacher_of(context, chosen.teacher), options);
}

const MethodRegistration promptkd_registration(
    {.name = "promptkd",
     .summary = "an image tower that learns from a tuned model (Li et al. 2024)",
     .prompts_towers = true,
     .reference = "promptkd"},
    promptkd_options, make_promptkd);

}  // namespace

}  // namespace mao_program
