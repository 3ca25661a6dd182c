// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mao/tuner/checkpoint.hpp>

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include <mao/backbones/detail/finite.hpp>
#include <mao/config.hpp>
#include <mao/io/safetensors.hpp>

namespace mao {

MAO_INLINE void save_checkpoint(const std::filesystem::path& path, const TunerState& state, const PromptInfo& info,
                                const std::function<void()>& before_rename) {
  TensorMap tensors;
  const auto add = [&](const std::string& kind, const TensorMap& part) {
    for (const auto& [name, value] : part) tensors[kind + name] = value.cpu().contiguous();
  };
  add("parameter.", state.parameters);
  add("optimizer.", state.optimizer);
  add("buffer.", state.buffers);
  add("sampler.", state.sampler);
  add("last_sampler.", state.last_sampler);
  auto metadata = detail::metadata_of(info, "mao-checkpoint");
  metadata["epochs_done"] = std::to_string(state.epochs_done);
  metadata["state"] = nlohmann::json{{"updates", state.updates},
                                     {"classes", state.classes.names},
                                     {"learned_for", state.learned_for.names},
                                     {"training", state.training},
                                     {"last_batches", state.last_batches}}
                          .dump();
  write_safetensors(path, tensors, metadata, before_rename);
}

}  // namespace mao

namespace mao::detail {

/// How the tensors of a checkpoint begin.
inline constexpr const char* checkpoint_kinds[] = {"parameter.", "optimizer.", "buffer.", "sampler.", "last_sampler."};

/// What a checkpoint's metadata say of the training. **Throws** `FormatError`.
MAO_INLINE void read_training(const TensorFile& file, const std::string& path, TunerState& state) {
  const auto saved = file.metadata.find("state");
  require<FormatError>(saved != file.metadata.end(), path,
                       ": no \"state\" in its metadata; it was written by an older "
                       "mao and cannot be compared with this training, start again");
  try {
    const auto of = nlohmann::json::parse(saved->second);
    of.at("updates").get_to(state.updates);
    of.at("classes").get_to(state.classes.names);
    of.at("learned_for").get_to(state.learned_for.names);
    of.at("training").get_to(state.training);
    of.at("last_batches").get_to(state.last_batches);
  } catch (const nlohmann::json::exception&) {
    throw FormatError(text_of(path, ": the \"state\" of its metadata is damaged; expected an object with updates, "
                                    "classes, learned_for, training and last_batches, as mao writes it"));
  }
  const auto known = [](const std::string& name) {
    const auto begins = [&](const char* kind) { return name.starts_with(kind); };
    return std::ranges::any_of(checkpoint_kinds, begins);
  };
  for (const auto& [name, value] : file.tensors) {
    require<FormatError>(known(name), path, ": there is a tensor ", name,
                         ", which is not part of a checkpoint; it was written by another program");
    require<FormatError>(all_finite(value), path, ": ", name, " is not finite; remove the file and start again");
  }
}

}  // namespace mao::detail

namespace mao {

MAO_INLINE TunerState load_checkpoint(const std::filesystem::path& path, const PromptInfo& info) {
  const TensorFile file = read_safetensors(path);
  const PromptInfo saved = detail::info_of(file, "mao-checkpoint", path.string());
  const auto same = [&](bool equal, const char* what, const std::string& there, const std::string& here) {
    require<OptionError>(equal, path.string(), ": its ", what, " from this run's (", there, " there, ", here,
                         " here); choose another output folder or remove it");
  };
  const auto listed = [](const ClassList& classes) {
    std::string text = std::to_string(classes.size()) + " classes:";
    for (std::size_t i = 0; i < classes.names.size() && i < 5; ++i) text += " " + classes.names[i];
    return text + (classes.size() > 5 ? " ..." : "");
  };
  same(saved.method == info.method, "method differs", saved.method, info.method);
  same(saved.model == info.model, "model differs", saved.model, info.model);
  same(saved.classes == info.classes, "class list differs", listed(saved.classes), listed(info.classes));
  same(saved.settings == info.settings, "settings differ", saved.settings.dump(), info.settings.dump());
  TunerState state;
  const auto done = file.metadata.find("epochs_done");
  require<FormatError>(done != file.metadata.end(), path.string(), ": no \"epochs_done\" in its metadata");
  const char* end = done->second.data() + done->second.size();
  const auto [parsed, error] = std::from_chars(done->second.data(), end, state.epochs_done);
  require<FormatError>(error == std::errc() && parsed == end && state.epochs_done >= 0, path.string(),
                       ": epochs_done is \"", done->second, "\" in its metadata, expected a number of epochs");
  const auto take = [&](const std::string& kind, TensorMap& part) {
    for (const auto& [name, value] : file.tensors) {
      if (name.starts_with(kind)) part[name.substr(kind.size())] = value.clone();
    }
  };
  take("parameter.", state.parameters);
  take("optimizer.", state.optimizer);
  take("buffer.", state.buffers);
  take("sampler.", state.sampler);
  take("last_sampler.", state.last_sampler);
  detail::read_training(file, path.string(), state);
  return state;
}

}  // namespace mao
