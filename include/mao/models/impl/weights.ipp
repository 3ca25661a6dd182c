// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/weights.hpp>

#include <utility>

#include <mao/config.hpp>
#include <mao/core/detail/finite.hpp>
#include <mao/core/detail/ops.hpp>
#include <mao/models/configuration.hpp>
#include <mao/models/detail/decisions.hpp>
#include <mao/models/detail/module_form.hpp>
#include <mao/models/detail/timm_tensors.hpp>
#include <mao/models/detail/usual_constants.hpp>
#include <mao/models/preprocess_config.hpp>
#include <mao/models/wrappers.hpp>

namespace mao::detail {

/// **Throws** `FormatError` for tensors that open_clip does not load into the model that its configuration describes.
MAO_INLINE void expect_open_clip_tensors(const ClipConfiguration& configuration, ClipLayout layout,
                                         const TensorMap& tensors, const std::string& source) {
  require<FormatError>(layout != ClipLayout::OpenClipCustom || configuration.custom_text.value_or(true), source,
                       ": the names of its text tower begin with text., as open_clip's do under custom_text, and ",
                       configuration.where, " does not set it; expected model_cfg.custom_text true, or the "
                       "configuration of this checkpoint");
  require<FormatError>(!tensors.contains("logit_bias") || configuration.logit_bias.value_or(true), source,
                       ": has logit_bias, and ", configuration.where, " says of none; expected "
                       "model_cfg.init_logit_bias, or the configuration of this checkpoint");
}

/// OpenAI's own files carry three numbers that no other library writes.
MAO_INLINE bool is_openai_archive(const TensorMap& tensors) { return tensors.contains("input_resolution"); }

/// Whose tokenizer the checkpoint was made for: that of the library whose names or configuration it has.
MAO_INLINE TextCleaning decide_cleaning(ClipLayout layout, const TensorMap& tensors,
                                        const std::optional<ClipConfiguration>& configuration) {
  if (layout == ClipLayout::HuggingFace) return TextCleaning::HuggingFace;
  if (layout == ClipLayout::OpenClipCustom) return TextCleaning::OpenClip;
  if (configuration && configuration->cleaning) return *configuration->cleaning;
  return is_openai_archive(tensors) ? TextCleaning::OpenAi : TextCleaning::Either;
}

/// Of a network whose configuration is not known: what its tensors tell.
MAO_INLINE void read_parts(ClipForm& form, const TensorMap& tensors) {
  form.vision_scale = tensors.contains("visual.transformer.resblocks.0.ls_1.gamma");
  form.text_scale = tensors.contains("transformer.resblocks.0.ls_1.gamma");
  form.text_bias = tensors.contains("text_projection.bias");
}

/// gamma * (W x + b) as (gamma W) x + gamma b.
MAO_INLINE void fold_layer_scale(TensorMap& tensors) {
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
MAO_INLINE TensorMap finite_floats(TensorMap tensors, const std::string& source) {
  for (auto& [name, value] : tensors) {
    if (!value.is_floating_point()) continue;
    value = value.to(at::kFloat).contiguous();
    if (!is_bystander(name)) expect_finite(value, name, source);
  }
  return tensors;
}

/// What a model that was saved whole says of itself. OpenAI's archives are known without it.
MAO_INLINE StatedForm stated_by(const TensorFile& file, const TensorMap& renamed, const std::string& source,
                                const ClipForm& form) {
  if (is_openai_archive(file.tensors)) return {};
  refuse_other_models(renamed, source, form);
  require<FormatError>(!form.text_bert || file.modules.empty(), source,
                       " was saved whole, with a BERT as text tower, whose modules mao does not read; save its state "
                       "dict: torch.save(model.state_dict(), file)");
  return stated_form(file.modules, source);
}

/// **Throws** `FormatError` where a file beside the checkpoint and the saved modules say different things.
MAO_INLINE StatedPreprocess decide_pixels(const std::filesystem::path& path, const ClipWeights& weights,
                                          const ClipEvidence& evidence) {
  const int resolution = static_cast<int>(weights.sizes.resolution);
  const nlohmann::json& stated = evidence.stated.pixels;
  StatedPreprocess beside = preprocess_beside(path, weights.layout, resolution);
  if (!beside.by_file && !weights.pieces.empty()) {
    beside = {Preprocess::symmetric(resolution), "SigLIP's, as no file beside the checkpoint says otherwise"};
    beside.preprocess.mode = ResizeMode::squash;
  }
  if (stated.is_null()) return beside;
  const Preprocess own = read_open_clip_preprocess(stated, evidence.source + ": visual.preprocess_cfg.", resolution);
  require<FormatError>(!beside.by_file || beside.preprocess == own, evidence.source, " was saved whole, and its ",
                       "visual.preprocess_cfg means ", describe(own), "; but pixels are ", describe(beside.preprocess),
                       ' ', beside.reason, "; expected the configuration of this model, or none");
  return {own, "as the saved modules say"};
}

/// The form before heads and activation are decided.
MAO_INLINE ClipForm undecided_form(const TensorMap& tensors, const StatedForm& stated, const std::string& source) {
  require<FormatError>(
      !tensors.contains("visual.pool.probe") && !tensors.contains("visual.conv1.bias") &&
          !tensors.contains("visual.proj.bias") && !tensors.contains("visual.proj_fc.weight"), source,
      ": its image tower is not one of CLIP's own, and no configuration says what it computes; put the "
      "model's open_clip_config.json or config.json beside it");
  require<FormatError>(stated.doubt.empty(), source, ": ", stated.doubt,
                       "; put open_clip_config.json or config.json beside it, or save the model with torch.save");
  ClipForm form;
  read_parts(form, tensors);
  return with_stated(form, stated);
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClipWeights prepare_clip_weights(const TensorFile& wrapped, const std::filesystem::path& path,
                                            std::optional<Activation> activation, const std::optional<ClipForm>& form,
                                            const std::optional<ClipHeads>& heads) {
  const std::string source = path.string();
  const TensorFile file = unwrapped(wrapped, source);
  expect_real_weights(file.tensors, source);
  ClipWeights result;
  result.layout = layout_of(file.tensors);
  const auto configuration = form ? std::nullopt : configuration_beside(path, result.layout);
  if (configuration) result.pieces = configuration->pieces;
  if (configuration) result.words = configuration->words;
  result.cleaning = detail::decide_cleaning(result.layout, file.tensors, configuration);
  result.tensors = detail::from_layout(detail::finite_floats(file.tensors, source), result.layout);
  if (configuration) detail::complete_timm(result.tensors, *configuration, file.tensors, source);
  const ClipEvidence evidence{.source = source,
                              .configured = configuration ? configuration->where
                                            : form        ? "the caller"
                                                          : "",
                              .stated = form ? StatedForm()
                                             : detail::stated_by(file, result.tensors, source,
                                                                 configuration ? configuration->form : ClipForm()),
                              .activation = activation,
                              .heads = heads,
                              .openai_archive = detail::is_openai_archive(file.tensors)};
  result.form = form            ? *form
                : configuration ? configuration->form
                                : detail::undecided_form(result.tensors, evidence.stated, source);
  result.sizes = infer_architecture(result.tensors, source, result.form);
  if (configuration) {
    configuration->add_uncovered_pixels(result.sizes);
    configuration->set_context(result.sizes);
    configuration->check(result.sizes);
    detail::expect_open_clip_tensors(*configuration, result.layout, file.tensors, source);
    expect_agreement(evidence.stated, result.form, result.sizes, source, configuration->where);
  }
  expect_sizes(evidence.stated, result.sizes, source);
  expect_usual_constants(file, result.form, result.sizes, source);
  result.heads_reason = detail::decide_heads(result.form, result.sizes, evidence);
  result.activation_reason = detail::decide_activation(result.form, result.sizes, file, evidence);
  detail::fold_layer_scale(result.tensors);
  const StatedPreprocess pixels = detail::decide_pixels(path, result, evidence);
  result.preprocess = pixels.preprocess;
  result.preprocess_reason = pixels.reason;
  return result;
}

MAO_INLINE void ask_normalisation(ClipWeights& weights, const std::optional<std::array<float, 3>>& mean,
                                  const std::optional<std::array<float, 3>>& deviation) {
  if (!mean && !deviation) return;
  if (mean) weights.preprocess.mean = *mean;
  if (deviation) weights.preprocess.deviation = *deviation;
  check(weights.preprocess);
  weights.preprocess_reason = text_of(mean ? "mean" : "", mean && deviation ? " and " : "", deviation ? "std" : "",
                                      " as asked for, the rest ", weights.preprocess_reason);
}

}  // namespace mao
