// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/models/configuration.hpp>

#include <array>

#include <nlohmann/json.hpp>

#include <mao/config.hpp>
#include <mao/io/files.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/hugging_face_config.hpp>
#include <mao/models/open_clip_config.hpp>

namespace mao::detail {

MAO_INLINE Activation named_activation(const std::string& name, const std::string& where) {
  for (const Activation known : {Activation::QuickGelu, Activation::Gelu, Activation::GeluTanh}) {
    if (name == name_of(known)) return known;
  }
  throw OptionError(where + " says activation \"" + name + "\", expected \"quick_gelu\", \"gelu\" or \"gelu_tanh\"");
}

/// mao's own: `activation`, and `vision_heads` and `text_heads` where heads are not of 64 channels.
MAO_INLINE ClipConfiguration read_own_config(const nlohmann::json& file, const std::string& where) {
  ConfigSection root(file, where + ": ", ConfigNull::Refused);
  ClipConfiguration result{.where = where, .form = {}, .sizes = {}, .cleaning = TextCleaning::OpenAi};
  const Activation activation = named_activation(root.text("activation", ""), where);
  result.form.vision = {.heads = root.integer("vision_heads", 0), .activation = activation};
  result.form.text = {.heads = root.integer("text_heads", 0), .activation = activation};
  if (root.has("image_size")) {
    result.state(root, "image_size", &ClipArchitecture::resolution, root.integer("image_size", 0));
  }
  if (root.has("context_length")) {
    result.state(root, "context_length", &ClipArchitecture::context, root.integer("context_length", 0));
  }
  root.without_effect({"model", "note", "pre_training"});
  root.without_effect({"mean", "std", "interpolation", "resize_mode", "size", "fill_color", "mode"});  // of pixels
  root.finish();
  return result;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE ClipConfiguration read_clip_configuration(const std::filesystem::path& path) {
  const std::string where = path.string();
  const auto file = parse_config(read_text_file(path), where);
  const auto any_of = [&](const auto&... keys) { return (file.contains(keys) || ...); };
  if (any_of("model_cfg", "vision_cfg", "text_cfg")) return read_open_clip_config(file, where);
  if (any_of("text_config", "vision_config", "text_config_dict", "vision_config_dict", "model_type")) {
    return read_hugging_face_config(file, where);
  }
  require<FormatError>(any_of("activation"), where,
                       " is beside the checkpoint but is not the configuration of a CLIP that mao knows: it has none "
                       "of model_cfg (open_clip), text_config (Hugging Face) and activation (mao); move it away if it "
                       "belongs to something else");
  return detail::read_own_config(file, where);
}

MAO_INLINE std::optional<ClipConfiguration> configuration_beside(const std::filesystem::path& checkpoint,
                                                                 ClipLayout layout) {
  const auto folder = std::filesystem::is_directory(checkpoint) ? checkpoint : checkpoint.parent_path();
  std::array<const char*, 2> names{"open_clip_config.json", "config.json"};
  if (layout == ClipLayout::HuggingFace) std::swap(names[0], names[1]);
  for (const char* name : names) {
    if (std::filesystem::is_regular_file(folder / name)) return read_clip_configuration(folder / name);
  }
  return std::nullopt;
}

}  // namespace mao
