// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/prompts_file.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <ATen/core/grad_mode.h>

#include <mao/backbones/detail/finite.hpp>
#include <mao/config.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/version.hpp>

namespace mao::detail {

MAO_INLINE std::map<std::string, std::string> metadata_of(const PromptInfo& info, const std::string& format) {
  const ClassList& first = info.first_classes.names.empty() ? info.classes : info.first_classes;
  return {{"format", format},
          {"mao_version", version},
          {"method", info.method},
          {"model", info.model},
          {"classes", nlohmann::json(info.classes.names).dump()},
          {"first_classes", nlohmann::json(first.names).dump()},
          {"settings", info.settings.dump()}};
}

/// **Throws** `FormatError` for a class name that occurs twice: a label would mean two classes.
MAO_INLINE void expect_each_once(const nlohmann::json& names, const char* key, const std::string& path) {
  std::set<std::string> seen;
  for (const auto& name : names) {
    require<FormatError>(seen.insert(name.template get<std::string>()).second, path, ": \"", key,
                         "\" of its metadata names the class '", name.template get<std::string>(),
                         "' twice, expected each class once");
  }
}

MAO_INLINE PromptInfo info_of(const TensorFile& file, const std::string& format, const std::string& path) {
  const auto get = [&](const char* key) {
    const auto found = file.metadata.find(key);
    require<FormatError>(found != file.metadata.end(), path, ": no \"", key,
                         "\" in its metadata; expected a file of format ", format, " as `mao tune` writes it");
    return found->second;
  };
  const bool is_head = get("format").ends_with("-weights"), is_checkpoint = get("format") == "mao-checkpoint";
  require<FormatError>(get("format") == format, path, ": format \"", get("format"), "\", expected \"", format, "\"",
                       is_head ? "; `mao export` wrote this file, so give the *.prompts.safetensors it was made from"
                       : is_checkpoint
                           ? "; this is what an interrupted run resumes from; prompts are in *.prompts.safetensors"
                           : "");
  const auto classes = nlohmann::json::parse(get("classes"), nullptr, false),
             first = nlohmann::json::parse(get("first_classes"), nullptr, false),
             settings = nlohmann::json::parse(get("settings"), nullptr, false);
  const auto names = [](const nlohmann::json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& name) { return name.is_string(); });
  };
  require<FormatError>(names(classes) && names(first) && settings.is_object(), path,
                       ": its metadata is damaged; \"classes\" must be a list of names and \"settings\" an object");
  const bool ours = !file.checksum.empty();  // whole, and written by a training that had looked at its classes
  if (!ours) expect_each_once(classes, "classes", path), expect_each_once(first, "first_classes", path);
  const SameNames same = ours ? SameNames::accept : SameNames::refuse;
  return {get("method"),
          get("model"),
          {classes.get<std::vector<std::string>>(), same},
          settings,
          {first.get<std::vector<std::string>>(), same}};
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void save_prompts(const std::filesystem::path& path, const ParameterList& parameters, const PromptInfo& info,
                             const std::function<void()>& before_rename) {
  TensorMap tensors;
  for (const Parameter& parameter : parameters) tensors[parameter.name] = parameter.value.detach().cpu().contiguous();
  write_safetensors(path, tensors, detail::metadata_of(info, "mao-prompts"), before_rename);
}

MAO_INLINE Prompts load_prompts(const std::filesystem::path& path) {
  TensorFile file = read_safetensors(path);
  for (const auto& [name, value] : file.tensors) {
    require<NumericError>(all_finite(value), path.string(), ": ", name,
                          " holds numbers that are not finite; its training failed; use an earlier file");
  }
  return {detail::info_of(file, "mao-prompts", path.string()), std::move(file.tensors)};
}

}  // namespace mao

namespace mao::detail {

MAO_INLINE void check_prompts(const ParameterList& parameters, const Prompts& prompts, const std::string& model) {
  const auto weights = [](const std::string& name) { return name.substr(0, name.find("-pixels-")); };
  require<OptionError>(prompts.info.model == model || weights(prompts.info.model) != weights(model),
                       "these prompts were tuned on the model ", prompts.info.model, ", this one is ", model,
                       ": the same weights, but images are prepared in another way (mean, std, interpolation, resize "
                       "mode, transparency); give that mean and std, or put that preprocessing file beside the "
                       "checkpoint (\"do_convert_rgb\": false in preprocessor_config.json drops transparency)");
  require<OptionError>(prompts.info.model == model, "these prompts were tuned on the model ", prompts.info.model,
                       ", this one is ", model, "; load the model they belong to");
  for (const Parameter& parameter : parameters) {
    require<OptionError>(prompts.tensors.contains(parameter.name), "the prompts of method ", prompts.info.method,
                         " hold no ", parameter.name);
  }
  expect_tensors(prompts.tensors, parameters, "the prompts of method " + prompts.info.method);
}

MAO_INLINE void copy_prompts(const ParameterList& parameters, const Prompts& prompts) {
  const at::NoGradGuard no_graph;
  for (Parameter parameter : parameters) parameter.value.copy_(prompts.tensors.at(parameter.name));
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE void restore_parameters(const ParameterList& parameters, const Prompts& prompts, const std::string& model) {
  detail::check_prompts(parameters, prompts, model);
  detail::copy_prompts(parameters, prompts);
}

}  // namespace mao
