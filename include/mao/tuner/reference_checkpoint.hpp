// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Learned prompts as the reference implementations keep them: `FOLDER/model.pth.tar-N`, in both directions.
///
/// All of them save through Dassl: a dict with `state_dict`, `epoch`, `optimizer`, `scheduler` and `val_result`. Our
/// parameters have the names of their modules, so only the folder and a prefix depend on the method.

#include <filesystem>
#include <string>

#include <mao/core/tensor.hpp>

namespace mao {

/// What is of use in a checkpoint of a reference implementation.
struct ReferenceCheckpoint {
  TensorMap state;  ///< by the names in the file
  int epoch = 0;    ///< how many were trained
};

/// Where a reference implementation keeps what a method learns.
struct ReferenceLayout {
  std::string folder;  ///< inside the folder of the run
  std::string prefix;  ///< of our names, absent in the file; empty where the whole model is saved
};

/// Writes a checkpoint that Dassl's `load_checkpoint` and Python's `torch.load(path)` open. Whole or not at all.
/// **Throws** `OptionError` for a negative epoch; else as `write_torch_archive`.
void save_reference_checkpoint(const std::filesystem::path& path, const ReferenceCheckpoint& checkpoint);

/// Reads a checkpoint of Dassl, or a state dict alone (its epoch is then 0). The tensors have the types of the file.
///
/// **Throws** `FileError`; `FormatError` when it is neither, or its epoch is not a number from 0 on.
ReferenceCheckpoint load_reference_checkpoint(const std::filesystem::path& path);

/// The folder and prefix of a method. **Throws** `OptionError` that lists the methods.
///
/// DePT over MaPLe is in `MultiModalPromptLearner`, with the same keys otherwise. MAO has the layout of its backbone.
/// **Source** the trainers of CoOp, CoCoOp, KgCoOp, ProGrad, TCP, MaPLe, IVLP, VPT, DePT, CoPrompt and PromptKD as
/// released; for PromptSRC and its MAO the folder is known, the keys were not seen in a file of theirs.
ReferenceLayout reference_layout(const std::string& method);

/// `RUN/prompt_learner/model.pth.tar-50` and its like: the path from which a reference implementation loads.
inline std::filesystem::path reference_file(const std::filesystem::path& run, const std::string& method, int epoch) {
  return run / reference_layout(method).folder / ("model.pth.tar-" + std::to_string(epoch));
}

/// Writes what a method has learned under the reference's names; use `reference_file` for the path that its trainers
/// look for. Frozen weights are left out: the references load with `strict=False`.
///
/// **Throws** `OptionError` for an unknown method, or a parameter that the reference of this method would overlook;
/// else as `save_reference_checkpoint`.
void export_parameters(const ParameterList& parameters, const std::string& method, int epoch,
                       const std::filesystem::path& path);

/// Takes what a method has learned out of a reference's file and returns the file's epoch.
///
/// The file may hold frozen weights and buffers of the classes (`token_prefix`, `token_suffix`): they are not looked
/// at. Names match with or without `prompt_learner.`; fp16 and other floating types are converted.
/// **Throws** `OptionError` for an unknown method, or when the file lacks parameters: lists them and what it has
/// instead, or when it has learned tensors that are none of the parameters; `ShapeError` that lists every tensor of
/// another shape or type; else as `load_reference_checkpoint`. The parameters are as they were then.
int restore_from_reference(ParameterList parameters, const std::filesystem::path& path, const std::string& method);

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/tuner/impl/reference_checkpoint.ipp>
#endif
