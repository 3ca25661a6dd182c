// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/detail/decisions.hpp>

#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/models/configuration.hpp>

namespace mao {

MAO_INLINE std::string example_configuration(const ClipArchitecture& sizes, const ClipForm& form) {
  const auto ratio = [](std::int64_t mlp, std::int64_t width) -> std::string {
    if (mlp == 4 * width) return "";
    return R"(,"mlp_ratio":)" + nlohmann::json(static_cast<double>(mlp) / static_cast<double>(width)).dump();
  };
  const auto scale = [](bool scaled) { return scaled ? R"(,"ls_init_value":1.0)" : ""; };
  const std::int64_t channels = sizes.vision_channels(), head = channels / form.vision.heads_in(channels);
  const bool resnet = sizes.is_resnet();
  const std::string layers = resnet ? nlohmann::json(sizes.resnet_blocks).dump() : text_of(sizes.vision_layers);
  const std::string patch = resnet ? "null" : text_of(sizes.patch);
  return text_of(R"({"model_cfg":{"embed_dim":)", sizes.embed, R"(,"quick_gelu":true,"vision_cfg":{"layers":)", layers,
                 R"(,"width":)", sizes.vision_width, R"(,"head_width":)", head, R"(,"patch_size":)", patch,
                 R"(,"image_size":)", sizes.resolution, resnet ? "" : ratio(sizes.vision_mlp, sizes.vision_width),
                 scale(form.vision_scale), R"(},"text_cfg":{"layers":)", sizes.text_layers, R"(,"width":)",
                 sizes.text_width, R"(,"heads":)", form.text.heads_in(sizes.text_width), R"(,"context_length":)",
                 sizes.context, R"(,"vocab_size":)", sizes.vocabulary, ratio(sizes.text_mlp, sizes.text_width),
                 scale(form.text_scale), form.text_bias ? R"(,"proj_bias":true)" : "", "}}}");
}

}  // namespace mao

namespace mao::detail {

/// Somebody who says something of a checkpoint.
struct Statement {
  std::string who, what;
};

/// **Throws** `OptionError` naming two who say different things.
MAO_INLINE void expect_agreement(const std::vector<Statement>& statements, const std::string& source) {
  for (const auto& [who, what] : statements) {
    const auto& first = statements.front();
    require<OptionError>(what == first.what, source, ": ", first.who, " says ", first.what, ", but ", who, " says ",
                         what,
                         ", and the wrong one gives wrong features without an error; leave the option out, or correct "
                         "or move away the file that is wrong");
  }
}

/// The file or the modules that decide, where there are any; a form that the caller gives in C++ is the caller's word.
MAO_INLINE std::string decided_by(const ClipEvidence& evidence, bool stated) {
  if (!evidence.configured.empty()) return evidence.configured == "the caller" ? "" : evidence.configured;
  return stated ? "what was saved of its modules" : evidence.openai_archive ? "its kind, an archive of OpenAI," : "";
}

MAO_INLINE std::string activation_text(Activation image, Activation text) {
  if (image == text) return std::string(name_of(image));
  return text_of(name_of(image), " for images and ", name_of(text), " for texts");
}

/// What caller, metadata, and configuration or modules say of the activation.
MAO_INLINE std::vector<Statement> activation_statements(const ClipForm& form, const TensorFile& file,
                                                        const ClipEvidence& evidence) {
  std::vector<Statement> all;
  const auto &image = evidence.stated.vision.activation, &text = evidence.stated.text.activation;
  if (evidence.activation) {
    all.push_back({"the caller (--activation)", activation_text(*evidence.activation, *evidence.activation)});
  }
  if (const auto noted = file.metadata.find("activation"); noted != file.metadata.end()) {
    all.push_back({"its metadata", noted->second});
  }
  const std::string who = decided_by(evidence, image || text);
  if (who.empty()) return all;
  const bool modules = evidence.configured.empty() && (image || text);
  const auto missing = evidence.activation.value_or(image ? *image : form.text.activation);
  all.push_back({who, modules ? activation_text(image.value_or(missing), text.value_or(missing))
                              : activation_text(form.vision.activation, form.text.activation)});
  return all;
}

MAO_INLINE std::string decide_activation(ClipForm& form, const ClipArchitecture& sizes, const TensorFile& file,
                                         const ClipEvidence& evidence) {
  const std::string& source = evidence.source;
  expect_agreement(activation_statements(form, file, evidence), source);
  const auto both = [&](Activation activation, const std::string& reason) {
    form.vision.activation = form.text.activation = activation;
    return text_of(name_of(activation), reason);
  };
  const auto as_says = [&](const std::string& who) {
    return activation_text(form.vision.activation, form.text.activation) + ", as " + who;
  };
  if (evidence.activation) return both(*evidence.activation, ", as asked for");
  if (const auto noted = file.metadata.find("activation"); noted != file.metadata.end()) {
    return both(named_activation(noted->second, source + ": its metadata"), ", as the checkpoint's metadata says");
  }
  if (!evidence.configured.empty()) return as_says(evidence.configured + " says");
  if (evidence.stated.vision.activation && evidence.stated.text.activation) return as_says("the saved modules say");
  if (evidence.openai_archive) return both(Activation::QuickGelu, ", an OpenAI archive");
  throw OptionError(source +
                    ": neither the checkpoint nor a configuration file beside it says which GELU its weights were "
                    "trained with, and the wrong one gives wrong features without an error; say --activation "
                    "quick_gelu (OpenAI's models, and open_clip's whose names end in -quickgelu: MetaCLIP, DFN) or "
                    "--activation gelu (open_clip's others: LAION, DataComp), in C++ ClipOptions::activation, or put "
                    "the model's config.json or open_clip_config.json beside it, such as " +
                    example_configuration(sizes, form));
}

/// What caller, and configuration or modules say of the heads. Of modules that say it of one tower alone, the other has
/// what the caller says.
MAO_INLINE std::vector<Statement> head_statements(const ClipForm& form, const ClipArchitecture& sizes,
                                                  const ClipEvidence& evidence) {
  const auto text = [](std::int64_t image, std::int64_t words) { return text_of(image, ',', words); };
  const auto& [asked, words_asked] = *evidence.heads;
  const auto &image = evidence.stated.vision.heads, &words = evidence.stated.text.heads;
  std::vector<Statement> all{{"the caller (--heads)", text(asked, words_asked)}};
  const std::string who = decided_by(evidence, image || words);
  if (who.empty()) return all;
  const bool modules = evidence.configured.empty() && (image || words);
  all.push_back({who, modules ? text(image.value_or(asked), words.value_or(words_asked))
                              : text(form.vision.heads_in(sizes.vision_channels()), form.text.heads_in(sizes.text_width))});
  return all;
}

MAO_INLINE std::string decide_heads(ClipForm& form, const ClipArchitecture& sizes, const ClipEvidence& evidence) {
  if (evidence.heads) {
    const auto [image, text] = *evidence.heads;
    require<OptionError>(image > 0 && text > 0, "heads of ", image, " and ", text,
                         "; expected two positive numbers, of the image tower and of the text tower");
    expect_agreement(head_statements(form, sizes, evidence), evidence.source);
    form.vision.heads = TowerForm{.heads = image}.heads_in(sizes.vision_channels());
    form.text.heads = TowerForm{.heads = text}.heads_in(sizes.text_width);
    return "as asked for";
  }
  if (!evidence.configured.empty()) return "as " + evidence.configured + " says";
  if (evidence.openai_archive) return "of 64 channels, an OpenAI archive";
  const StatedForm& stated = evidence.stated;
  form.vision.heads = stated.vision.heads.value_or(published_vision_heads(sizes.vision_channels()));
  form.text.heads = stated.text.heads.value_or(published_text_heads(sizes.text_width));
  const bool vision = form.vision.heads > 0;
  if (vision && form.text.heads > 0) {
    form.vision.heads = form.vision.heads_in(sizes.vision_channels());
    form.text.heads = form.text.heads_in(sizes.text_width);
    const bool all_stated = stated.vision.heads && stated.text.heads;
    return all_stated ? "as the saved modules say" : "as all published models of these widths";
  }
  const bool of_64 = sizes.vision_channels() % 64 == 0 && sizes.text_width % 64 == 0;
  if (!vision) form.vision.heads = of_64 ? sizes.vision_channels() / 64 : 1;
  if (form.text.heads < 1) form.text.heads = of_64 ? sizes.text_width / 64 : 1;
  const std::string guess =
      text_of(" (--heads ", form.vision.heads, ',', form.text.heads, " if they are of 64 channels)");
  throw OptionError(text_of(evidence.source, ": nothing says how many attention heads its ", vision ? "text" : "image",
                            " tower has, and no published CLIP has one of width ",
                            vision ? sizes.text_width : sizes.vision_channels(), "; say --heads IMAGE,TEXT",
                            of_64 ? guess : "",
                            evidence.activation ? "" : " and --activation quick_gelu or --activation gelu",
                            ", in C++ ClipOptions::heads, or put the model's config.json or open_clip_config.json "
                            "beside the checkpoint, such as ",
                            example_configuration(sizes, form)));
}

}  // namespace mao::detail
