// SPDX-License-Identifier: Apache-2.0
#include "models.hpp"

#include <mao/clip/model.hpp>

#include "../models/mobilenet_minilm.hpp"

namespace mao_program {

namespace {

std::string describe(const Clip& clip, const std::string& name) {
  const auto& weights = clip.weights();
  const auto& sizes = weights.sizes;
  return text_of(name, ": ViT ", sizes.vision_width, " x ", sizes.vision_layers, ", patch ", sizes.patch, ", ",
                 sizes.resolution, " px; text ", sizes.text_width, " x ", sizes.text_layers, ", ", sizes.context,
                 " tokens; ", name_of(weights.layout), " names; activation ", weights.activation_reason);
}

OpenedModel open_embedded(const ModelSettings& settings) {
  const std::filesystem::path folder = settings.weights.empty() ? MAO_EMBEDDED_MODEL : settings.weights;
  Clip clip = Clip::load(folder, {.vocabulary = folder / "merges.txt", .activation = {}});
  const std::string description = describe(clip, "embedded CLIP");
  return {std::make_shared<const AnyModel>(std::move(clip)), description, false, "clip"};
}

OpenedModel open_mobilenet(const ModelSettings& settings) {
  require<OptionError>(!settings.weights.empty(), "--model mobilenet-minilm needs --weights DIR, the folder with ",
                       "mobilenet_v2_tf2ptq.safetensors and its .graph.json");
  auto model = examples::MobileNetMiniLm::load(settings.weights, settings.minilm);
  return {std::make_shared<const AnyModel>(std::move(model)),
          "MobileNetV2 beside all-MiniLM-L6-v2: 384 dimensions, 224 px", false, "minilm"};
}

OpenedModel open_checkpoint(const ModelSettings& settings) {
  require<OptionError>(std::filesystem::exists(settings.model), "--model ", settings.model,
                       ": no such file; expected embedded, mobilenet-minilm, or the path of a CLIP checkpoint");
  ClipOptions options{.vocabulary = settings.vocab, .activation = {}};
  if (settings.activation != "auto") {
    options.activation = settings.activation == "gelu" ? Activation::Gelu : Activation::QuickGelu;
  }
  Clip clip = Clip::load(settings.model, options);
  const std::string description = describe(clip, settings.model);
  return {std::make_shared<const AnyModel>(std::move(clip)), description, true, "minilm"};
}

}  // namespace

OpenedModel open_model(const ModelSettings& settings) {
  if (settings.model == "embedded") return open_embedded(settings);
  if (settings.model == "mobilenet-minilm") return open_mobilenet(settings);
  return open_checkpoint(settings);
}

}  // namespace mao_program
