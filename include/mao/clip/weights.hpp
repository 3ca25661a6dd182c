// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A CLIP checkpoint made ready: OpenAI's names, fp32, and the activation decided (it is not in the weights).

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include <mao/clip/architecture.hpp>
#include <mao/clip/block.hpp>
#include <mao/clip/names.hpp>
#include <mao/clip/wrappers.hpp>
#include <mao/core/files.hpp>
#include <mao/core/tensor_file.hpp>

namespace mao {

/// The tensors of a checkpoint and what was decided about them.
struct ClipWeights {
  TensorMap tensors;  ///< fp32, OpenAI's names
  ClipArchitecture sizes;
  ClipLayout layout = ClipLayout::OpenAi;
  Activation activation = Activation::QuickGelu;
  std::string activation_reason;  ///< one sentence for the log
};

namespace detail {

using ActivationChoice = std::pair<Activation, std::string>;

inline ActivationChoice named_activation(const nlohmann::json& value, const std::string& where) {
  require<FormatError>(value.is_string(), where, " says activation ", value.dump(),
                       ", expected \"quick_gelu\" or \"gelu\"");
  const auto name = value.get<std::string>();
  require<OptionError>(name == "quick_gelu" || name == "gelu", where, " says activation \"", name,
                       "\", expected \"quick_gelu\" or \"gelu\"");
  return {name == "gelu" ? Activation::Gelu : Activation::QuickGelu, name + ", as " + where + " says"};
}

/// An object within a configuration; an empty one when it is not there.
inline nlohmann::json section_of(const nlohmann::json& config, const char* key, const std::string& where) {
  const auto section = config.value(key, nlohmann::json::object());
  require<FormatError>(section.is_object(), where, ": ", key, " is not a JSON object");
  return section;
}

/// What a configuration file in `folder` says: ours, Hugging Face's or open_clip's.
inline std::optional<ActivationChoice> configured_activation(const std::filesystem::path& folder) {
  for (const char* file : {"config.json", "open_clip_config.json"}) {
    const auto path = folder / file;
    if (!std::filesystem::is_regular_file(path)) continue;
    const auto config = nlohmann::json::parse(read_text_file(path), nullptr, false);
    require<FormatError>(config.is_object(), path.string(), " is not a JSON object");
    if (config.contains("activation")) return named_activation(config["activation"], path.string());
    if (config.contains("model_cfg")) {
      const auto model = section_of(config, "model_cfg", path.string());
      const bool quick = model.value("quick_gelu", nlohmann::json(false)) == true;
      return named_activation(quick ? "quick_gelu" : "gelu", path.string());
    }
    if (config.contains("text_config") || config.contains("vision_config")) {
      const auto tower = section_of(config, "text_config", path.string());
      return named_activation(tower.value("hidden_act", nlohmann::json("quick_gelu")), path.string());
    }
  }
  return std::nullopt;
}

inline ActivationChoice choose_activation(const TensorFile& file, ClipLayout layout, const std::filesystem::path& path,
                                          std::optional<Activation> wanted) {
  if (wanted) return {*wanted, *wanted == Activation::Gelu ? "gelu, as asked for" : "quick_gelu, as asked for"};
  if (const auto noted = file.metadata.find("activation"); noted != file.metadata.end()) {
    return named_activation(noted->second, "the checkpoint's metadata");
  }
  const auto folder = std::filesystem::is_directory(path) ? path : path.parent_path();
  if (const auto configured = configured_activation(folder)) return *configured;
  switch (layout) {
    case ClipLayout::OpenClipCustom:
      return {Activation::Gelu, "gelu, assumed for this open_clip layout; --activation overrides"};
    case ClipLayout::HuggingFace:
      return {Activation::QuickGelu, "quick_gelu, assumed without a config.json; --activation overrides"};
    case ClipLayout::OpenAi:
      break;
  }
  if (file.tensors.contains("input_resolution")) return {Activation::QuickGelu, "quick_gelu, an OpenAI archive"};
  return {Activation::QuickGelu,
          "quick_gelu, assumed for OpenAI's names; open_clip models not named -quickgelu need --activation gelu"};
}

}  // namespace detail

/// Makes tensors that were read from `path` ready.
inline ClipWeights prepare_clip_weights(const TensorFile& file, const std::filesystem::path& path,
                                        std::optional<Activation> activation = {}) {
  ClipWeights result;
  result.layout = layout_of(file.tensors);
  result.tensors = with_openai_names(file.tensors, path.string());
  for (auto& [name, value] : result.tensors) {
    if (value.is_floating_point()) value = value.to(at::kFloat).contiguous();
  }
  result.sizes = infer_architecture(result.tensors, path.string());
  std::tie(result.activation, result.activation_reason) =
      detail::choose_activation(file, result.layout, path, activation);
  return result;
}

/// Reads a file (safetensors, PyTorch archive, OpenAI's TorchScript archive) or a folder that holds one.
///
/// **Throws** `FileError`, `FormatError`.
inline ClipWeights read_clip_weights(const std::filesystem::path& path, std::optional<Activation> activation = {}) {
  const TensorFile file = unwrapped(read_tensors(path), path.string());
  expect_real_weights(file.tensors, path.string());
  return prepare_clip_weights(file, path, activation);
}

}  // namespace mao
