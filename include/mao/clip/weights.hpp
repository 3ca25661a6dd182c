// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A CLIP checkpoint made ready: OpenAI's names, fp32, and everything decided that is not in the weights.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <mao/clip/architecture.hpp>
#include <mao/clip/configuration.hpp>
#include <mao/clip/form.hpp>
#include <mao/clip/names.hpp>
#include <mao/clip/preprocess_config.hpp>
#include <mao/clip/wrappers.hpp>
#include <mao/core/finite.hpp>
#include <mao/core/ops.hpp>
#include <mao/core/tensor_file.hpp>

namespace mao {

/// The tensors of a checkpoint and what was decided about them.
struct ClipWeights {
  TensorMap tensors;  ///< fp32, OpenAI's names, layer scale multiplied into the projections before it
  ClipArchitecture sizes;
  ClipForm form;
  ClipLayout layout = ClipLayout::OpenAi;
  std::string activation_reason;  ///< `gelu, as clip/open_clip_config.json says`
  std::string heads_reason;       ///< `as clip/open_clip_config.json says`
  Preprocess preprocess{};        ///< the resolution is that of `sizes`
  std::string preprocess_reason;  ///< `as clip/open_clip_config.json says`
};

namespace detail {

/// OpenAI's own files carry three numbers that no other library writes.
inline bool is_openai_archive(const TensorMap& tensors) { return tensors.contains("input_resolution"); }

/// Sets the activation of both towers and gives the reason. **Throws** `OptionError` when nothing decides it.
inline std::string decide_activation(ClipForm& form, const TensorFile& file, const std::string& source,
                                     const std::string& configured, std::optional<Activation> wanted) {
  const auto both = [&](Activation activation, const std::string& reason) {
    form.vision.activation = form.text.activation = activation;
    return text_of(name_of(activation), reason);
  };
  if (wanted) return both(*wanted, ", as asked for");
  if (const auto noted = file.metadata.find("activation"); noted != file.metadata.end()) {
    return both(named_activation(noted->second, source + ": its metadata"), ", as the checkpoint's metadata says");
  }
  if (!configured.empty()) {
    const auto image = name_of(form.vision.activation), text = name_of(form.text.activation);
    return text_of(image, image == text ? std::string() : text_of(" for images and ", text, " for texts"), ", as ",
                   configured, " says");
  }
  if (is_openai_archive(file.tensors)) return both(Activation::QuickGelu, ", an OpenAI archive");
  throw OptionError(source +
                    ": neither the checkpoint nor a configuration file beside it says which GELU its weights were "
                    "trained with, and the wrong one gives other features without an error; say --activation "
                    "quick_gelu (OpenAI's models, and open_clip's whose names end in -quickgelu: MetaCLIP, DFN) or "
                    "--activation gelu (open_clip's others: LAION, DataComp), in C++ ClipOptions::activation, or put "
                    "open_clip_config.json or config.json beside it");
}

/// Sets the heads of both towers where no configuration did, and gives the reason. **Throws** `OptionError` for a width
/// that nobody published.
inline std::string decide_heads(ClipForm& form, const TensorMap& tensors, const ClipArchitecture& sizes,
                                const std::string& source) {
  if (is_openai_archive(tensors)) return "of 64 channels, an OpenAI archive";
  form.vision.heads = published_vision_heads(sizes.vision_width);
  form.text.heads = published_text_heads(sizes.text_width);
  const bool vision = form.vision.heads > 0;
  require<OptionError>(vision && form.text.heads > 0, source, ": nothing says how many attention heads its ",
                       vision ? "text" : "image", " tower has, and no published CLIP has one of width ",
                       vision ? sizes.text_width : sizes.vision_width,
                       "; put the model's open_clip_config.json or config.json beside the checkpoint");
  return "as all published models of these widths";
}

/// Of a network whose configuration is not known: what its tensors tell.
inline void read_parts(ClipForm& form, const TensorMap& tensors) {
  form.vision_scale = tensors.contains("visual.transformer.resblocks.0.ls_1.gamma");
  form.text_scale = tensors.contains("transformer.resblocks.0.ls_1.gamma");
  form.text_bias = tensors.contains("text_projection.bias");
}

/// gamma * (W x + b) as (gamma W) x + gamma b.
inline void fold_layer_scale(TensorMap& tensors) {
  for (const auto& [scale, projection] :
       {std::pair{std::string("ls_1.gamma"), std::string("attn.out_proj.")}, {"ls_2.gamma", "mlp.c_proj."}}) {
    for (auto at = tensors.begin(); at != tensors.end();) {
      if (!at->first.ends_with(scale)) {
        ++at;
        continue;
      }
      const std::string block = at->first.substr(0, at->first.size() - scale.size());
      Tensor &weight = tensors.at(block + projection + "weight"), &bias = tensors.at(block + projection + "bias");
      weight = weight * at->second.unsqueeze(1);
      bias = bias * at->second;
      at = tensors.erase(at);
    }
  }
}

/// All floating tensors as fp32. **Throws** `FormatError` for one that holds NaN or infinity; masks do.
inline TensorMap finite_floats(TensorMap tensors, const std::string& source) {
  for (auto& [name, value] : tensors) {
    if (!value.is_floating_point()) continue;
    value = value.to(at::kFloat).contiguous();
    if (!is_bystander(name)) expect_finite(value, name, source);
  }
  return tensors;
}

}  // namespace detail

/// Makes tensors that were read from `path` ready, wrapped or not (clip/wrappers.hpp). `form` stands for a configuration file, which is not looked for
/// then; `activation` for what any of them says of it.
///
/// **Throws** `FormatError` for tensors that are missing, too many, do not fit or are not finite, `OptionError` where
/// nothing decides heads or activation and for settings that mao does not have; each names tensor or key.
inline ClipWeights prepare_clip_weights(const TensorFile& wrapped, const std::filesystem::path& path,
                                        std::optional<Activation> activation = {},
                                        const std::optional<ClipForm>& form = {}) {
  const std::string source = path.string();
  const TensorFile file = unwrapped(wrapped, source);
  expect_real_weights(file.tensors, source);
  ClipWeights result;
  result.layout = layout_of(file.tensors);
  const auto configuration = form ? std::nullopt : configuration_beside(path, result.layout);
  result.tensors = detail::from_layout(detail::finite_floats(file.tensors, source), result.layout);
  if (form) result.form = *form;
  if (configuration) result.form = configuration->form;
  if (!form && !configuration) detail::read_parts(result.form, result.tensors);
  result.sizes = infer_architecture(result.tensors, source, result.form);
  if (configuration) configuration->check(result.sizes);
  const std::string configured = configuration ? configuration->where : form ? "the caller" : "";
  result.heads_reason = configured.empty() ? detail::decide_heads(result.form, result.tensors, result.sizes, source)
                                           : "as " + configured + " says";
  result.activation_reason = detail::decide_activation(result.form, file, source, configured, activation);
  detail::fold_layer_scale(result.tensors);
  const StatedPreprocess stated = preprocess_beside(path, result.layout, static_cast<int>(result.sizes.resolution));
  result.preprocess = stated.preprocess;
  result.preprocess_reason = stated.reason;
  return result;
}

/// Sets mean and deviation of the pixels in place of those that a file says. **Throws** `OptionError` for a deviation
/// that is not positive.
inline void ask_normalisation(ClipWeights& weights, const std::optional<std::array<float, 3>>& mean,
                              const std::optional<std::array<float, 3>>& deviation) {
  if (!mean && !deviation) return;
  if (mean) weights.preprocess.mean = *mean;
  if (deviation) weights.preprocess.deviation = *deviation;
  check(weights.preprocess);
  weights.preprocess_reason = text_of(mean ? "mean" : "", mean && deviation ? " and " : "", deviation ? "std" : "",
                                      " as asked for, the rest ", weights.preprocess_reason);
}

/// Reads a file (safetensors, PyTorch archive, OpenAI's TorchScript archive) or a folder that holds one.
///
/// **Throws** `FileError`, and as `prepare_clip_weights`.
inline ClipWeights read_clip_weights(const std::filesystem::path& path, std::optional<Activation> activation = {},
                                     const std::optional<ClipForm>& form = {}) {
  return prepare_clip_weights(read_tensors(path), path, activation, form);
}

}  // namespace mao
