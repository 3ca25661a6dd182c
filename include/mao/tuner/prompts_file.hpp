// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned prompts on disk: safetensors that know the method, the model and the classes they belong to.

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <nlohmann/json.hpp>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/concepts.hpp>
#include <mao/backbones/detail/finite.hpp>
#include <mao/io/safetensors.hpp>
#include <mao/tuner/detail/put_back.hpp>
#include <mao/version.hpp>

namespace mao {

/// What a prompts file says about itself.
struct PromptInfo {
  std::string method;                                  ///< "coop", ...
  std::string model;                                   ///< fingerprint of the frozen model
  ClassList classes;                                   ///< that it was last trained on
  nlohmann::json settings = nlohmann::json::object();  ///< all that is needed to build the backbone again
  ClassList first_classes{};  ///< that it was made for: what belongs to classes (DePT's head) belongs to these; empty:
                              ///< the same as `classes`
};

/// A prompts file read back.
struct Prompts {
  PromptInfo info;
  TensorMap tensors;
};

namespace detail {

inline std::map<std::string, std::string> metadata_of(const PromptInfo& info, const std::string& format) {
  const ClassList& first = info.first_classes.names.empty() ? info.classes : info.first_classes;
  return {{"format", format},
          {"mao_version", version},
          {"method", info.method},
          {"model", info.model},
          {"classes", nlohmann::json(info.classes.names).dump()},
          {"first_classes", nlohmann::json(first.names).dump()},
          {"settings", info.settings.dump()}};
}

/// **Throws** `FormatError` for a class name that comes twice: a label would mean two classes.
inline void expect_each_once(const nlohmann::json& names, const char* key, const std::string& path) {
  std::set<std::string> seen;
  for (const auto& name : names) {
    require<FormatError>(seen.insert(name.template get<std::string>()).second, path, ": \"", key,
                         "\" of its metadata names the class '", name.template get<std::string>(),
                         "' twice, expected each class once");
  }
}

/// **Throws** `FormatError` unless the metadata is that of one of our files.
inline PromptInfo info_of(const TensorFile& file, const std::string& format, const std::string& path) {
  const auto get = [&](const char* key) {
    const auto found = file.metadata.find(key);
    require<FormatError>(found != file.metadata.end(), path, ": no \"", key,
                         "\" in its metadata; expected a file of format ", format, " as `mao tune` writes it");
    return found->second;
  };
  require<FormatError>(get("format") == format, path, ": format \"", get("format"), "\", expected \"", format, "\"");
  const auto classes = nlohmann::json::parse(get("classes"), nullptr, false),
             first = nlohmann::json::parse(get("first_classes"), nullptr, false),
             settings = nlohmann::json::parse(get("settings"), nullptr, false);
  const auto names = [](const nlohmann::json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& name) { return name.is_string(); });
  };
  require<FormatError>(names(classes) && names(first) && settings.is_object(), path,
                       ": its metadata is damaged; \"classes\" must be a list of names and \"settings\" an object");
  expect_each_once(classes, "classes", path), expect_each_once(first, "first_classes", path);
  return {get("method"),
          get("model"),
          {classes.get<std::vector<std::string>>(), SameNames::accept},  // the training that wrote them had checked
          settings,
          {first.get<std::vector<std::string>>(), SameNames::accept}};
}

}  // namespace detail

/// Writes what a backbone has learned.
inline void save_prompts(const std::filesystem::path& path, const ParameterList& parameters, const PromptInfo& info) {
  TensorMap tensors;
  for (const Parameter& parameter : parameters) tensors[parameter.name] = parameter.value.detach().cpu().contiguous();
  write_safetensors(path, tensors, detail::metadata_of(info, "mao-prompts"));
}

/// Writes what a backbone has learned, and its buffers.
template <Backbone BackboneT>
void save_backbone(const std::filesystem::path& path, BackboneT& backbone, const PromptInfo& info) {
  ParameterList tensors = backbone.parameters();
  if constexpr (HasBuffers<BackboneT>) {
    for (const auto& [name, value] : backbone.buffers()) tensors.push_back({name, value});
  }
  save_prompts(path, tensors, info);
}

/// **Throws** `FileError`, `FormatError`, `NumericError` naming a tensor that is not finite.
inline Prompts load_prompts(const std::filesystem::path& path) {
  TensorFile file = read_safetensors(path);
  for (const auto& [name, value] : file.tensors) {
    require<NumericError>(all_finite(value), path.string(), ": ", name,
                          " holds numbers that are not finite; its training failed, take an earlier file");
  }
  return {detail::info_of(file, "mao-prompts", path.string()), std::move(file.tensors)};
}

namespace detail {

inline void check_prompts(const ParameterList& parameters, const Prompts& prompts, const std::string& model) {
  const auto weights = [](const std::string& name) { return name.substr(0, name.find("-pixels-")); };
  require<OptionError>(prompts.info.model == model || weights(prompts.info.model) != weights(model),
                       "these prompts were tuned on the model ", prompts.info.model, ", this one is ", model,
                       ": the same weights, but pictures are prepared in another way (mean, std, interpolation, resize "
                       "mode); give that mean and std, or put that preprocessing file beside the checkpoint");
  require<OptionError>(prompts.info.model == model, "these prompts were tuned on the model ", prompts.info.model,
                       ", this one is ", model, "; load the model they belong to");
  for (const Parameter& parameter : parameters) {
    require<OptionError>(prompts.tensors.contains(parameter.name), "the prompts of method ", prompts.info.method,
                         " hold no ", parameter.name);
  }
  expect_tensors(prompts.tensors, parameters, "the prompts of method " + prompts.info.method);
}

inline void copy_prompts(const ParameterList& parameters, const Prompts& prompts) {
  const at::NoGradGuard no_graph;
  for (Parameter parameter : parameters) parameter.value.copy_(prompts.tensors.at(parameter.name));
}

}  // namespace detail

/// Puts loaded prompts into parameters that serve all classes; `restore_backbone` knows those that do not.
///
/// **Throws** `OptionError` when they were tuned on another model (both fingerprints are named) or hold no such
/// tensors, `ShapeError` for tensors of another size, `FormatError` for another type; the parameters are as they were then.
inline void restore_parameters(const ParameterList& parameters, const Prompts& prompts, const std::string& model) {
  detail::check_prompts(parameters, prompts, model);
  detail::copy_prompts(parameters, prompts);
}

/// Puts loaded prompts and buffers into a backbone. **Throws** as `restore_parameters`, `OptionError` when they belong to
/// classes (`learned_for`) and the backbone was made for others, `FormatError` for a tensor that the method has no place
/// for.
template <Backbone BackboneT>
void restore_backbone(BackboneT& backbone, const Prompts& prompts, const std::string& model) {
  const PromptInfo& info = prompts.info;
  if (const ClassList here = learned_for(backbone); here.size() > 0) {
    expect_same_classes(info.first_classes.names.empty() ? info.classes : info.first_classes, here,
                        "the prompts of method " + info.method + " have a part for each class and belong to",
                        "make the backbone for the classes that they were learned for (one whose tensors serve all "
                        "classes says so: `ClassList learned_for() const { return {}; }`)");
  }
  const ParameterList parameters = backbone.parameters();
  TensorMap buffers = prompts.tensors;
  for (const Parameter& parameter : parameters) buffers.erase(parameter.name);
  detail::check_prompts(parameters, prompts, model);
  put_buffers(backbone, buffers, "the prompts of method " + info.method);
  detail::copy_prompts(parameters, prompts);
}

}  // namespace mao
