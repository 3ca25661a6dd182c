// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned prompts on disk: safetensors that know the method, the model and the classes they belong to.

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include <mao/backbones/binding.hpp>
#include <mao/backbones/concepts.hpp>
#include <mao/io/named_tensors.hpp>
#include <mao/tuner/detail/put_back.hpp>

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

std::map<std::string, std::string> metadata_of(const PromptInfo& info, const std::string& format);

/// **Throws** `FormatError` unless the metadata is that of one of our files.
PromptInfo info_of(const TensorFile& file, const std::string& format, const std::string& path);

}  // namespace detail

/// Writes what a backbone has learned.
void save_prompts(const std::filesystem::path& path, const ParameterList& parameters, const PromptInfo& info);

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
Prompts load_prompts(const std::filesystem::path& path);

namespace detail {

void check_prompts(const ParameterList& parameters, const Prompts& prompts, const std::string& model);

void copy_prompts(const ParameterList& parameters, const Prompts& prompts);

}  // namespace detail

/// Puts loaded prompts into parameters that serve all classes; `restore_backbone` knows those that do not.
///
/// **Throws** `OptionError` when they were tuned on another model (both fingerprints are named) or hold no such
/// tensors, `ShapeError` for tensors of another size, `FormatError` for another type; the parameters are as they were then.
void restore_parameters(const ParameterList& parameters, const Prompts& prompts, const std::string& model);

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
  put_learned(backbone, parameters, prompts.tensors, buffers, "the prompts of method " + info.method);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/prompts_file.ipp>
#endif
