// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"
#include "models/model_text.hpp"
#include "models/models.hpp"
#include "models/product_speed.hpp"
#include "tune/known_names.hpp"
#include "tune/settings.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <iostream>
#include <optional>

#include <mao/core/device.hpp>
#include <mao/models/bert_clip.hpp>
#include <mao/models/clip_model.hpp>
#include <mao/models/cuda_text_pass.hpp>
#include <mao/models/on_device.hpp>
#include <mao/models/resnet_clip.hpp>
#include <mao/models/siglip.hpp>
#ifdef MAO_HAS_CUDA_GRAPHS
#include <mao/models/cuda_step_graph.hpp>
#endif

#include <mao/embedded/clip.hpp>
#include <mao/embedded/siglip.hpp>
#include <mao/models/mobilenet_minilm.hpp>

namespace mao_program {

namespace {

std::string describe_images(const ClipWeights& weights) {
  const auto& sizes = weights.sizes;
  const std::int64_t heads = weights.form.vision.heads_in(sizes.vision_channels());
  if (!sizes.is_resnet()) {
    return text_of("a ViT of width ", sizes.vision_width, ", ", sizes.vision_layers, " layers, ", heads,
                   " heads, patches of ", sizes.patch, " px");
  }
  return text_of("a ResNet of width ", sizes.vision_width, ", blocks ", shape_text(sizes.resnet_blocks),
                 ", pooling by ", heads, " heads");
}

std::string describe(const ClipWeights& weights, const std::string& name) {
  const auto& sizes = weights.sizes;
  return text_of(name, ": image tower ", describe_images(weights), ", images of ", sizes.resolution, " px; ",
                 weights.form.text_bert ? "text tower a BERT of width " : "text tower of width ", sizes.text_width,
                 ", ", sizes.text_layers, " layers, ", weights.form.text.heads_in(sizes.text_width), " heads, ",
                 sizes.context, " tokens; tensors named as in ", name_of(weights.layout), "; activation ",
                 with_reason(weights.activation_reason));
}

std::optional<std::array<float, 3>> channels(const std::vector<double>& numbers) {
  if (numbers.empty()) return std::nullopt;
  std::array<float, 3> result{};
  require<OptionError>(numbers.size() == result.size(), "--mean and --std take three numbers, R G B; got ",
                       numbers.size());
  for (const double number : numbers) {
    require<OptionError>(number >= 0 && number <= 1, "--mean or --std of ", number,
                         ": pixels are 0 to 1 here; divide numbers of the scale 0 to 255 by 255");
  }
  std::ranges::transform(numbers, result.begin(), [](double number) { return static_cast<float>(number); });
  return result;
}

/// What the settings say of the towers.
ClipOptions clip_options(const ModelSettings& settings, const std::filesystem::path& vocabulary) {
  ClipOptions options{.vocabulary = vocabulary, .activation = {}, .precision = precision_from(settings.precision)};
  options.mean = channels(settings.mean);
  options.deviation = channels(settings.deviation);
  if (settings.memory_limit > 0) options.kept_limit = static_cast<std::size_t>(settings.memory_limit) << 20U;
  return options;
}

/// `--cuda-graphs`
void record_passes(const c10::Device& device) {
  require<OptionError>(device.is_cuda(),
                       "--cuda-graphs records what a GPU is given to do; expected --device cuda, got ", device.str());
#ifdef MAO_HAS_CUDA_GRAPHS
  cuda::record_text_passes();
#else
  throw OptionError(
      "--cuda-graphs: this program was built without the CUDA kernels; install a CUDA toolkit (nvcc), "
      "configure and build again");
#endif
}

/// What an image of a batch keeps for the backward pass to its prompts.
std::size_t image_bytes(const Clip& clip) {
  const auto& sizes = clip.weights().sizes;
  const std::int64_t side = sizes.resolution / sizes.patch;
  return clip.vision_tower().kept_bytes(1, 1 + side * side);
}

std::size_t image_bytes(const ResNetClip& /*takes no prompts*/) { return 0; }
std::size_t image_bytes(const BertClip& /*takes no prompts*/) { return 0; }
std::size_t image_bytes(const Siglip& /*keeps more than that of CLIP*/) { return 0; }

/// The model where the settings want it.
template <class ClipT>
OpenedModel placed(ClipT clip, const ModelSettings& settings, OpenedModel opened) {
  opened.device = cuda::device_named(settings.device);
  if (opened.device.is_cuda()) cuda::use_text_kernels();
  if (settings.cuda_graphs) record_passes(opened.device);
  opened.precision = to_string(clip.precision());
  opened.pixels = pixels_text(clip.preprocess()) + " (" + clip.weights().preprocess_reason + ")";
  if (clip.precision() == Precision::Bf16) opened.description += ", bf16";
  if constexpr (requires { clip.text_tower().kept_bytes(1); }) {
    if (clip.weights().pieces.empty()) opened.token_bytes = clip.text_tower().kept_bytes(1);
  }
  opened.image_bytes = image_bytes(clip);
  if (opened.device.is_cpu()) {
    opened.model = std::make_shared<const AnyModel>(std::move(clip), expect_no_stop);
    return opened;
  }
  ClipWeights weights = clip.weights();
  weights.tensors = cuda::moved(std::move(weights.tensors), opened.device);
  ClipT there({std::move(weights), clip.tokenizer()}, clip.precision());
  opened.model =
      std::make_shared<const AnyModel>(cuda::OnDevice<ClipT>(std::move(there), opened.device), expect_no_stop);
  opened.description += ", on " + opened.device.str();
  return opened;
}

Siglip open_siglip(ClipWeights weights, const std::filesystem::path& path, const ModelSettings& settings,
                   const ClipOptions& options) {
  require<OptionError>(settings.memory_limit == 0, "--memory-limit is for CLIP's towers; expected none with SigLIP's");
  const SiglipOptions own{.vocabulary = options.vocabulary,
                          .mean = options.mean,
                          .deviation = options.deviation,
                          .precision = options.precision};
  return Siglip(SiglipParts::of(std::move(weights), path, own), own.precision);
}

OpenedModel open_embedded(const ModelSettings& settings) {
  require<OptionError>(settings.activation == "auto" && settings.vocab.empty() && settings.heads.empty(),
                       "--activation, --heads and --vocab are for CLIP checkpoints; the embedded model has its own");
  const bool is_siglip = settings.model == "embedded-siglip";
  const std::filesystem::path folder = !settings.weights.empty() ? std::filesystem::path(settings.weights)
                                       : is_siglip               ? embedded::siglip_folder()
                                                                 : embedded::model_folder();
  if (is_siglip) {
    Siglip siglip = open_siglip(read_clip_weights(folder), folder, settings, clip_options(settings, {}));
    const std::string description = describe(siglip.weights(), "embedded SigLIP");
    return placed(
        std::move(siglip), settings,
        {.model = nullptr, .description = description, .augments = false, .cuts_texts = true, .similarity = "clip"});
  }
  Clip clip = Clip::load(folder, clip_options(settings, folder / "merges.txt"));
  const std::string description = describe(clip.weights(), "embedded CLIP");
  return placed(std::move(clip), settings,
                {.model = nullptr, .description = description, .augments = false, .similarity = "clip"});
}

OpenedModel open_mobilenet(const ModelSettings& settings) {
  require<OptionError>(!settings.weights.empty(), "--model mobilenet-minilm needs --weights DIR, the folder with ",
                       "mobilenet_v2_tf2ptq.safetensors and its .graph.json");
  require<OptionError>(settings.device == "cpu", "--device ", settings.device,
                       ": mobilenet-minilm runs only on the CPU");
  require<OptionError>(!settings.cuda_graphs, "--cuda-graphs needs --device cuda; mobilenet-minilm runs on the CPU ",
                       "alone");
  require<OptionError>(settings.memory_limit == 0, "--memory-limit is for CLIP's towers; expected none with ",
                       "mobilenet-minilm");
  require<OptionError>(settings.heads.empty(), "--heads is for CLIP checkpoints; expected none with mobilenet-minilm");
  require<OptionError>(settings.mean.empty() && settings.deviation.empty(),
                       "--mean and --std are for CLIP checkpoints; mobilenet-minilm has its own, 0.5 each");
  const Precision precision = precision_from(settings.precision);
  auto model = MobileNetMiniLm::load(settings.weights, settings.minilm, precision);
  const std::string description = "MobileNetV2 beside all-MiniLM-L6-v2: 384 dimensions, 224 px";
  const std::string pixels = pixels_text(model.preprocess()) + " (as mobilenet-minilm was made)";
  return {.model = std::make_shared<const AnyModel>(std::move(model), expect_no_stop),
          .description = description + (precision == Precision::Bf16 ? ", bf16" : ""),
          .pixels = pixels,
          .augments = false,
          .similarity = "minilm",
          .precision = to_string(precision)};
}

BertClip open_bert(ClipWeights weights, const ModelSettings& settings, const ClipOptions& options) {
  require<OptionError>(settings.memory_limit == 0,
                       "--memory-limit is for CLIP's towers; expected none with a BERT for "
                       "texts");
  const BertClipOptions own{.vocabulary = options.vocabulary,
                            .mean = options.mean,
                            .deviation = options.deviation,
                            .precision = options.precision};
  return BertClip(BertClipParts::of(std::move(weights), settings.model, own), own.precision);
}

/// A model of the program's own says all of itself; what a CLIP's options would change is refused.
OpenedModel open_own(const OwnModel& own, const ModelSettings& settings) {
  const auto refuse = [&](bool given, const char* option) {
    require<OptionError>(!given, option, " has no effect on --model ", settings.model,
                         ", a model of this program, which runs in fp32 on the CPU and has its own; leave it out");
  };
  refuse(settings.activation != "auto", "--activation");
  refuse(!settings.vocab.empty(), "--vocab");
  refuse(!settings.heads.empty(), "--heads");
  refuse(!settings.mean.empty(), "--mean");
  refuse(!settings.deviation.empty(), "--std");
  refuse(settings.precision != "fp32", "--precision");
  refuse(settings.device != "cpu", "--device");
  refuse(settings.cuda_graphs, "--cuda-graphs");
  refuse(settings.memory_limit > 0, "--memory-limit");
  refuse(!settings.weights.empty() && !own.takes_weights, "--weights");
  require<OptionError>(!own.takes_weights || !settings.weights.empty(), "--model ", settings.model,
                       " needs --weights, the path that it is loaded from");
  auto model = std::make_shared<const AnyModel>(own.open(settings.weights));
  return {.model = model,
          .description = settings.model + ", a model of this program: " + model->fingerprint(),
          .pixels = pixels_text(model->preprocess()) + " (as " + settings.model + " says)",
          .augments = false,
          .similarity = "clip"};
}

/// `, or wide`: what a program of its own adds.
std::string own_names() {
  std::string text;
  for (const auto& [name, unused] : own_models()) text += ", or " + name;
  return text;
}

OpenedModel open_checkpoint(const ModelSettings& settings) {
  require<OptionError>(
      std::filesystem::exists(settings.model), "--model ", settings.model,
      ": no such file; expected embedded, embedded-siglip, mobilenet-minilm, or the path of a CLIP or SigLIP "
      "checkpoint",
      own_names());
  require<OptionError>(
      !settings.model.ends_with(".prompts.safetensors"), "--model ", settings.model,
      ": this is a prompts file, which `mao eval FILE` and `mao predict --prompts FILE` take; it holds "
      "the name of its model, so --model may be left out there");
  ClipOptions options = clip_options(settings, settings.vocab);
  if (settings.activation != "auto") {
    options.activation = settings.activation == "gelu" ? Activation::Gelu : Activation::QuickGelu;
  }
  if (!settings.heads.empty()) options.heads = ClipHeads{settings.heads.at(0), settings.heads.at(1)};
  ClipWeights weights = read_clip_weights(settings.model, options.activation, {}, options.heads);
  const auto open = [&]<class ClipT>(ClipT clip) {
    const std::string description = describe(clip.weights(), settings.model);
    return placed(std::move(clip), settings,
                  {.model = nullptr,
                   .description = description,
                   .augments = true,
                   .cuts_texts = std::same_as<ClipT, Siglip> || std::same_as<ClipT, BertClip>,
                   .similarity = "minilm"});
  };
  if (!weights.pieces.empty()) return open(open_siglip(std::move(weights), settings.model, settings, options));
  if (weights.form.text_bert) return open(open_bert(std::move(weights), settings, options));
  ClipParts parts = ClipParts::of(std::move(weights), settings.model, options);
  const auto limited = [&](auto clip) {
    clip.limit_kept(options.kept_limit);
    return open(std::move(clip));
  };
  if (parts.weights.sizes.is_resnet()) return limited(ResNetClip(std::move(parts), options.precision));
  return limited(Clip(std::move(parts), options.precision));
}

}  // namespace

std::map<std::string, OwnModel>& own_models() {
  static std::map<std::string, OwnModel> all;
  return all;
}

OpenedModel open_model(const ModelSettings& settings) {
  if (const auto own = own_models().find(settings.model); own != own_models().end()) {
    return open_own(own->second, settings);
  }
  OpenedModel opened = is_embedded(settings.model)            ? open_embedded(settings)
                       : settings.model == "mobilenet-minilm" ? open_mobilenet(settings)
                                                              : open_checkpoint(settings);
  if (opened.precision == to_string(Precision::Bf16) && opened.device.is_cpu()) {
    if (const auto note = slow_precision_note(Precision::Bf16, product_speed())) std::cerr << "note: " << *note << '\n';
  }
  expect_no_stop();
  return opened;
}

}  // namespace mao_program
