// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A CLIP checkpoint made ready: OpenAI's names, fp32, and everything decided that is not in the weights.

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <mao/core/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/io/tensor_file.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/configuration.hpp>
#include <mao/models/detail/decisions.hpp>
#include <mao/models/detail/module_form.hpp>
#include <mao/models/detail/names.hpp>
#include <mao/models/form.hpp>
#include <mao/models/preprocess_config.hpp>
#include <mao/models/wrappers.hpp>

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
  TextCleaning cleaning = TextCleaning::OpenAi;
};

namespace detail {

/// OpenAI's own files carry three numbers that no other library writes.
inline bool is_openai_archive(const TensorMap& tensors) { return tensors.contains("input_resolution"); }

/// Whose tokenizer the checkpoint was made for: that of the library whose names or configuration it has.
inline TextCleaning decide_cleaning(ClipLayout layout, const TensorMap& tensors,
                                    const std::optional<ClipConfiguration>& configuration) {
  if (layout == ClipLayout::HuggingFace) return TextCleaning::HuggingFace;
  if (layout == ClipLayout::OpenClipCustom) return TextCleaning::OpenClip;
  if (configuration && configuration->cleaning) return *configuration->cleaning;
  return is_openai_archive(tensors) ? TextCleaning::OpenAi : TextCleaning::Either;
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

/// What a model that was saved whole says of itself. OpenAI's archives are known without it.
inline StatedForm stated_by(const TensorFile& file, const std::string& source) {
  if (is_openai_archive(file.tensors)) return {};
  refuse_other_models(file.tensors, source);
  return stated_form(file.modules, source);
}

/// **Throws** `FormatError` where a file beside the checkpoint and the saved modules say different things.
inline StatedPreprocess decide_pixels(const std::filesystem::path& path, const ClipWeights& weights,
                                      const ClipEvidence& evidence) {
  const int resolution = static_cast<int>(weights.sizes.resolution);
  const nlohmann::json& stated = evidence.stated.pixels;
  const StatedPreprocess beside = preprocess_beside(path, weights.layout, resolution);
  if (stated.is_null()) return beside;
  const Preprocess own =
      read_open_clip_preprocess(stated, evidence.source + ": visual.preprocess_cfg.", resolution);
  require<FormatError>(!beside.by_file || beside.preprocess == own, evidence.source, " was saved whole, and its ",
                       "visual.preprocess_cfg means ", describe(own), "; but pixels are ", describe(beside.preprocess),
                       ' ', beside.reason, "; expected the configuration of this model, or none");
  return {own, "as the saved modules say"};
}

/// The form before heads and activation are decided.
inline ClipForm undecided_form(const TensorMap& tensors, const StatedForm& stated, const std::string& source) {
  require<FormatError>(stated.doubt.empty(), source, ": ", stated.doubt,
                       "; put open_clip_config.json or config.json beside it, or save the model with torch.save");
  ClipForm form;
  read_parts(form, tensors);
  return with_stated(form, stated);
}

}  // namespace detail

/// Makes tensors that were read from `path` ready, wrapped or not (models/wrappers.hpp). `form` stands for a
/// configuration file, which is not looked for then; `activation` and `heads` for what any of them says of it.
///
/// **Throws** `FormatError` for tensors that are missing, too many, do not fit or are not finite, `OptionError` where
/// nothing decides heads or activation and for settings that mao does not have; each names tensor or key.
inline ClipWeights prepare_clip_weights(const TensorFile& wrapped, const std::filesystem::path& path,
                                        std::optional<Activation> activation = {},
                                        const std::optional<ClipForm>& form = {},
                                        const std::optional<ClipHeads>& heads = {}) {
  const std::string source = path.string();
  const TensorFile file = unwrapped(wrapped, source);
  expect_real_weights(file.tensors, source);
  ClipWeights result;
  result.layout = layout_of(file.tensors);
  const auto configuration = form ? std::nullopt : configuration_beside(path, result.layout);
  result.cleaning = detail::decide_cleaning(result.layout, file.tensors, configuration);
  result.tensors = detail::from_layout(detail::finite_floats(file.tensors, source), result.layout);
  const ClipEvidence evidence{.source = source,
                              .configured = configuration ? configuration->where : form ? "the caller" : "",
                              .stated = form ? StatedForm() : detail::stated_by(file, source),
                              .activation = activation,
                              .heads = heads,
                              .openai_archive = detail::is_openai_archive(file.tensors)};
  result.form = form            ? *form
                : configuration ? configuration->form
                                : detail::undecided_form(result.tensors, evidence.stated, source);
  result.sizes = infer_architecture(result.tensors, source, result.form);
  if (configuration) {
    configuration->check(result.sizes);
    expect_agreement(evidence.stated, result.form, result.sizes, source, configuration->where);
  }
  expect_sizes(evidence.stated, result.sizes, source);
  result.heads_reason = detail::decide_heads(result.form, result.sizes, evidence);
  result.activation_reason = detail::decide_activation(result.form, result.sizes, file, evidence);
  detail::fold_layer_scale(result.tensors);
  const StatedPreprocess pixels = detail::decide_pixels(path, result, evidence);
  result.preprocess = pixels.preprocess;
  result.preprocess_reason = pixels.reason;
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
                                     const std::optional<ClipForm>& form = {},
                                     const std::optional<ClipHeads>& heads = {}) {
  return prepare_clip_weights(read_tensors(path), path, activation, form, heads);
}

}  // namespace mao
