// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/reference_checkpoint.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>

#include <mao/config.hpp>
#include <mao/io/tensor_file.hpp>
#include <mao/io/torch_writer.hpp>

namespace mao {

MAO_INLINE void save_reference_checkpoint(const std::filesystem::path& path, const ReferenceCheckpoint& checkpoint) {
  require<OptionError>(checkpoint.epoch >= 0, "cannot write ", path.string(), ": epoch = ", checkpoint.epoch,
                       ", expected 0 or more");
  write_torch_archive(path, {{"state_dict", checkpoint.state},
                             {"epoch", checkpoint.epoch},
                             {"optimizer", {}},
                             {"scheduler", {}},
                             {"val_result", {}}});
}

MAO_INLINE ReferenceCheckpoint load_reference_checkpoint(const std::filesystem::path& path) {
  constexpr std::string_view prefix = "state_dict.";
  const TensorFile file = read_tensors(path);
  ReferenceCheckpoint checkpoint;
  for (const auto& [name, value] : file.tensors) {
    if (name.starts_with(prefix)) checkpoint.state[name.substr(prefix.size())] = value;
  }
  const auto epoch = file.metadata.find("epoch");
  if (checkpoint.state.empty() && epoch == file.metadata.end()) checkpoint.state = file.tensors;
  require<FormatError>(!checkpoint.state.empty(), path.string(),
                       " holds no tensors; expected a checkpoint that has some in its state_dict");
  if (epoch == file.metadata.end()) return checkpoint;
  const std::string& text = epoch->second;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), checkpoint.epoch);
  require<FormatError>(failure == std::errc() && end == text.data() + text.size() && checkpoint.epoch >= 0,
                       path.string(), ": its epoch is \"", text, "\", expected a number of epochs");
  return checkpoint;
}

MAO_INLINE ReferenceLayout reference_layout(const std::string& method) {
  static const std::vector<std::pair<ReferenceLayout, std::vector<std::string>>> rows{
      {{"prompt_learner", "prompt_learner."}, {"coop", "cocoop", "kgcoop", "prograd", "tcp"}},
      {{"prompt_learner", ""}, {"vpt"}},
      {{"PromptLearner", ""}, {"dept"}},
      {{"MultiModalPromptLearner", ""}, {"maple", "coprompt"}},
      {{"VLPromptLearner", ""}, {"ivlp", "promptsrc", "promptkd"}}};
  std::string known;
  for (const auto& [layout, methods] : rows) {
    if (std::find(methods.begin(), methods.end(), method) != methods.end()) return layout;
    for (const std::string& name : methods) known += (known.empty() ? "" : ", ") + name;
  }
  throw OptionError(text_of("no reference checkpoint is known for the method \"", method, "\"; known are ", known));
}

MAO_INLINE void export_parameters(const ParameterList& parameters, const std::string& method, int epoch,
                                  const std::filesystem::path& path) {
  const std::string prefix = reference_layout(method).prefix;
  ReferenceCheckpoint checkpoint{.state = {}, .epoch = epoch};
  for (const Parameter& parameter : parameters) {
    require<OptionError>(parameter.name.starts_with(prefix), "cannot write ", path.string(), ": the reference of ",
                         method, " reads parameters that begin with ", prefix, " alone, not ", parameter.name);
    checkpoint.state[parameter.name.substr(prefix.size())] = parameter.value;
  }
  save_reference_checkpoint(path, checkpoint);
}

}  // namespace mao

namespace mao::detail {

/// Whether a name of a state dict is that of something learned, not of frozen CLIP or of a buffer of the classes.
MAO_INLINE bool looks_learned(const std::string& name) {
  const auto contains = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (name.substr(name.rfind('.') + 1).starts_with("token_")) return false;
  if (contains("VPT") || contains("adapter")) return true;
  return !contains("image_encoder.") && !contains("text_encoder.") && !contains("model_distill.") &&
         !name.ends_with("logit_scale");
}

/// The learned tensors of a file with their shapes, without those in `used`, for a message; empty without any.
MAO_INLINE std::string learned_names(const TensorMap& state, const std::set<std::string>& used = {}) {
  constexpr int longest = 20;
  std::string text;
  int count = 0;
  for (const auto& [name, value] : state) {
    if (used.contains(name) || !looks_learned(name) || ++count > longest) continue;
    text += (count == 1 ? "" : ", ") + name + " " + shape_text(value.sizes());
  }
  return count > longest ? text_of(text, " and ", count - longest, " more") : text;
}

/// The tensor of that name, with or without the name of the prompt learner before it.
MAO_INLINE TensorMap::const_iterator find_reference(const TensorMap& state, const std::string& name) {
  constexpr std::string_view learner = "prompt_learner.";
  const auto found = state.find(name);
  return found == state.end() && name.starts_with(learner) ? state.find(name.substr(learner.size())) : found;
}

/// What speaks against copying `saved` into `parameter`; empty if nothing does.
MAO_INLINE std::string reference_mismatch(const TensorMap& state, const Parameter& parameter, const Tensor& saved) {
  std::string text;
  const auto here = parameter.value.sizes();
  if (saved.sizes() != here) {
    text = text_of("\n  ", parameter.name, " has shape ", shape_text(saved.sizes()), ", expected ", shape_text(here));
  }
  if (saved.is_floating_point() != parameter.value.is_floating_point()) {
    text += text_of("\n  ", parameter.name, " holds ", c10::toString(saved.scalar_type()), ", expected ",
                    c10::toString(parameter.value.scalar_type()));
  }
  const auto prefix = find_reference(state, "prompt_learner.token_prefix");
  const bool one_per_class = here.size() == 3 && parameter.name.ends_with("prompt_learner.ctx");
  if (one_per_class && prefix != state.end() && prefix->second.dim() > 0 && prefix->second.size(0) != here[0]) {
    text += text_of("\n  ", parameter.name, " has a context for each of ", here[0],
                    " classes, but the token_prefix of the file is of ", prefix->second.size(0),
                    "; bind the classes that the file was trained on");
  }
  return text;
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE int restore_from_reference(ParameterList parameters, const std::filesystem::path& path,
                                      const std::string& method) {
  const ReferenceLayout layout = reference_layout(method);
  const ReferenceCheckpoint checkpoint = load_reference_checkpoint(path);
  std::vector<Tensor> saved;
  std::set<std::string> used;
  std::string missing, mismatches;
  for (const Parameter& parameter : parameters) {
    const auto found = detail::find_reference(checkpoint.state, parameter.name);
    if (found == checkpoint.state.end()) {
      missing += (missing.empty() ? "" : ", ") + parameter.name;
    } else {
      mismatches += detail::reference_mismatch(checkpoint.state, parameter, found->second);
      saved.push_back(found->second);
      used.insert(found->first);
    }
  }
  const std::string held = detail::learned_names(checkpoint.state);
  require<OptionError>(missing.empty(), path.string(), " lacks ", missing, " of the method ", method, "; it holds ",
                       held.empty() ? "nothing that looks learned" : held, ". The reference of ", method, " saves to ",
                       layout.folder, "/model.pth.tar-N", mismatches);
  require<ShapeError>(mismatches.empty(), path.string(), " does not fit the method ", method, " here:", mismatches);
  const std::string left = detail::learned_names(checkpoint.state, used);
  require<OptionError>(left.empty(), path.string(), " was not made by the method ", method,
                       " as it is here, which has no ", left, "; expected a checkpoint of this method, or the method and settings that made this one");
  const at::NoGradGuard no_graph;
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].value.copy_(saved[i]);
  return checkpoint.epoch;
}

}  // namespace mao
