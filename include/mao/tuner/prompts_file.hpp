// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Saves and loads learned prompts: safetensors files that record their method, model and classes.

#include <filesystem>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/concepts.hpp>
#include <mao/io/named_tensors.hpp>
#include <mao/tuner/detail/put_back.hpp>

namespace mao {

/// The metadata of a prompts file.
struct PromptInfo {
  std::string method;                                  ///< "coop", ...
  std::string model;                                   ///< fingerprint of the frozen model
  ClassList classes;                                   ///< of the last training
  nlohmann::json settings = nlohmann::json::object();  ///< everything needed to build the backbone again
  ClassList first_classes{};  ///< for which it was made: class-bound parameters (DePT's head) belong to these; empty:
                              ///< the same as `classes`
};

/// The content of a prompts file.
struct Prompts {
  PromptInfo info;
  TensorMap tensors;
};

namespace detail {

std::map<std::string, std::string> metadata_of(const PromptInfo& info, const std::string& format);

/// **Throws** `FormatError` unless the metadata is that of a prompts file of mao.
PromptInfo info_of(const TensorFile& file, const std::string& format, const std::string& path);

}  // namespace detail

/// Writes the parameters of a backbone. `before_rename` as in `write_file_atomically`.
void save_prompts(const std::filesystem::path& path, const ParameterList& parameters, const PromptInfo& info,
                  const std::function<void()>& before_rename = {});

/// Writes the parameters of a backbone and its buffers. `before_rename` as in `write_file_atomically`.
template <Backbone BackboneT>
void save_backbone(const std::filesystem::path& path, BackboneT& backbone, const PromptInfo& info,
                   const std::function<void()>& before_rename = {}) {
  ParameterList tensors = backbone.parameters();
  if constexpr (HasBuffers<BackboneT>) {
    for (const auto& [name, value] : backbone.buffers()) tensors.push_back({name, value});
  }
  save_prompts(path, tensors, info, before_rename);
}

/// **Throws** `FileError`, `FormatError`, `NumericError` naming a tensor that is not finite.
Prompts load_prompts(const std::filesystem::path& path);

namespace detail {

void check_prompts(const ParameterList& parameters, const Prompts& prompts, const std::string& model);

void copy_prompts(const ParameterList& parameters, const Prompts& prompts);

}  // namespace detail

/// Restores loaded prompts to parameters that all classes share; use `restore_backbone` for those that are class-bound.
///
/// **Throws** `OptionError` if they were tuned on another model (with both fingerprints) or lack these tensors,
/// `ShapeError` for tensors of another size, `FormatError` for another type; the parameters are then unchanged.
void restore_parameters(const ParameterList& parameters, const Prompts& prompts, const std::string& model);

/// Restores loaded prompts and buffers to a backbone. **Throws** as `restore_parameters`, `OptionError` if they belong
/// to classes (`learned_for`) and the backbone was made for others, `FormatError` for a tensor that the method does not
/// have.
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
  put_learned(backbone, parameters, prompts.tensors, buffers, "the prompts of method " + info.method);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/prompts_file.ipp>
#endif
