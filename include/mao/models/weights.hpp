// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// A prepared CLIP checkpoint: OpenAI's names, fp32, and all settings that are not in the weights.

#include <array>
#include <filesystem>
#include <optional>
#include <string>

#include <mao/data/preprocess.hpp>
#include <mao/io/tensor_file.hpp>
#include <mao/models/architecture.hpp>
#include <mao/models/detail/names.hpp>
#include <mao/models/form.hpp>
#include <mao/text/clean.hpp>

namespace mao {

/// The tensors and settings of a checkpoint.
struct ClipWeights {
  TensorMap tensors;  ///< fp32, OpenAI's names, layer scale multiplied into the projections before it
  ClipArchitecture sizes;
  ClipForm form;
  ClipLayout layout = ClipLayout::OpenAi;
  std::string activation_reason;  ///< `gelu, as clip/open_clip_config.json says`
  std::string heads_reason;       ///< `as clip/open_clip_config.json says`
  Preprocess preprocess{};        ///< its resolution is that of `sizes`
  std::string preprocess_reason;  ///< `as clip/open_clip_config.json says`
  TextCleaning cleaning = TextCleaning::OpenAi;
  std::string pieces{};  ///< of a SigLIP: what is done to texts before SentencePiece, `canonicalize`; of a CLIP empty
  std::string words{};   ///< of a BERT's text tower: what is done to texts before WordPiece, `whitespace`; else empty
};

/// Prepares tensors that were read from `path`, with or without a wrapper (models/wrappers.hpp). `form` replaces the
/// configuration file, which is then not read; `activation` and `heads` apply if nothing else gives them.
///
/// **Throws** `FormatError` for tensors that are missing, unknown, of a wrong shape or not finite; `OptionError` if
/// nothing gives heads or activation, and for settings that mao does not support. Each names the tensor or key.
ClipWeights prepare_clip_weights(const TensorFile& wrapped, const std::filesystem::path& path,
                                 std::optional<Activation> activation = {}, const std::optional<ClipForm>& form = {},
                                 const std::optional<ClipHeads>& heads = {});

/// Sets mean and deviation of the pixels instead of those in a file. **Throws** `OptionError` for a deviation that is
/// not positive.
void ask_normalisation(ClipWeights& weights, const std::optional<std::array<float, 3>>& mean,
                       const std::optional<std::array<float, 3>>& deviation);

/// Reads a file (safetensors, PyTorch archive, OpenAI's TorchScript archive) or a folder that contains one.
///
/// **Throws** `FileError`, and as `prepare_clip_weights`.
inline ClipWeights read_clip_weights(const std::filesystem::path& path, std::optional<Activation> activation = {},
                                     const std::optional<ClipForm>& form = {},
                                     const std::optional<ClipHeads>& heads = {}) {
  return prepare_clip_weights(read_tensors(path), path, activation, form, heads);
}

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/models/impl/weights.ipp>
#endif
