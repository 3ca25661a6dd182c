// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads and writes learned prompts of the reference implementations: `FOLDER/model.pth.tar-N`.
///
/// All of them save through Dassl: a dict with `state_dict`, `epoch`, `optimizer`, `scheduler` and `val_result`. Our
/// parameters have the names of their modules, so only the folder and a prefix depend on the method.

#include <filesystem>
#include <string>

#include <mao/core/tensor.hpp>

namespace mao {

/// The content of a reference implementation's checkpoint.
struct ReferenceCheckpoint {
  TensorMap state;  ///< by the names in the file
  int epoch = 0;    ///< number of trained epochs
};

/// The place of a method's parameters in a reference implementation.
struct ReferenceLayout {
  std::string folder;  ///< in the folder of the run
  std::string prefix;  ///< of our names, absent in the file; empty if the whole model is saved
};

/// Writes a checkpoint that Dassl's `load_checkpoint` and Python's `torch.load(path)` open, completely or not at all.
/// **Throws** `OptionError` for a negative epoch; otherwise as `write_torch_archive`.
void save_reference_checkpoint(const std::filesystem::path& path, const ReferenceCheckpoint& checkpoint);

/// Reads a checkpoint of Dassl, or a plain state dict (its epoch is then 0). The tensors have the types of the file.
///
/// **Throws** `FileError`; `FormatError` if it is neither, or its epoch is not a number from 0 on.
ReferenceCheckpoint load_reference_checkpoint(const std::filesystem::path& path);

/// The folder and prefix of a method. **Throws** `OptionError` that lists the methods.
///
/// DePT over MaPLe is in `MultiModalPromptLearner`, with the same keys otherwise. MAO has the layout of its backbone.
/// **Source** the trainers of CoOp, CoCoOp, KgCoOp, ProGrad, TCP, MaPLe, IVLP, VPT, DePT, CoPrompt and PromptKD as
/// released; for PromptSRC and its MAO the folder is known, the keys were not seen in a file of theirs.
ReferenceLayout reference_layout(const std::string& method);

/// The path from which a reference implementation loads, such as `RUN/prompt_learner/model.pth.tar-50`.
inline std::filesystem::path reference_file(const std::filesystem::path& run, const std::string& method, int epoch) {
  return run / reference_layout(method).folder / ("model.pth.tar-" + std::to_string(epoch));
}

/// Writes the parameters of a method under the reference's names; use `reference_file` for the path that its trainers
/// load from. Frozen weights are left out: the references load with `strict=False`.
///
/// **Throws** `OptionError` for an unknown method, or a parameter that the reference of this method would ignore;
/// otherwise as `save_reference_checkpoint`.
void export_parameters(const ParameterList& parameters, const std::string& method, int epoch,
                       const std::filesystem::path& path);

/// Reads the parameters of a method from a reference's file and returns the file's epoch.
///
/// Frozen weights and buffers of the classes (`token_prefix`, `token_suffix`) in the file are ignored. Names match with
/// or without `prompt_learner.`; fp16 and other floating types are converted.
/// **Throws** `OptionError` for an unknown method, if the file lacks parameters (it lists them and those in the file),
/// or if it has learned tensors that are not parameters; `ShapeError` that lists every tensor with another shape or
/// type; otherwise as `load_reference_checkpoint`. The parameters are then unchanged.
int restore_from_reference(ParameterList parameters, const std::filesystem::path& path, const std::string& method);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/reference_checkpoint.ipp>
#endif
