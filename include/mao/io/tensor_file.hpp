// SPDX-License-Identifier: Apache-2.0
#pragma once
/// \file
/// Reads tensors from a safetensors file, a PyTorch file, weights in several such files with an index, or a model
/// folder of Hugging Face or open_clip.

#include <filesystem>

#include <mao/io/detail/bytes.hpp>
#include <mao/io/named_tensors.hpp>
#include <mao/io/torch_archive.hpp>

namespace mao {

/// The file with the weights: `path` itself, or in a folder the first of model.safetensors,
/// open_clip_model.safetensors, pytorch_model.bin and open_clip_pytorch_model.bin, or the index of one that is in several
/// parts. **Throws** `FileError` that lists what the folder holds.
std::filesystem::path find_tensor_file(const std::filesystem::path& path);

/// Reads the tensors of a file in memory, in either format, which is recognised by content, not by name. **Throws**
/// `FormatError`.
TensorFile parse_tensors(const SharedBytes& bytes, const TorchArchiveOptions& options = {});

/// Reads the tensors of a file, of all files in an index (`model.safetensors.index.json`), or of a model folder, in
/// either format.
///
/// `options` apply to PyTorch's files. **Throws** `FileError` and `FormatError` as `read_safetensors` and
/// `read_torch_archive`, and if an index and its parts disagree.
TensorFile read_tensors(const std::filesystem::path& path, const TorchArchiveOptions& options = {});

}  // namespace mao

#if !defined(MAO_SEPARATE_COMPILATION)
#include <mao/io/impl/tensor_file.ipp>
#endif
